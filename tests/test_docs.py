"""What the README says is true: its commands run, in their order, and its links lead somewhere."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from PIL import Image
from typer.testing import CliRunner

import edgedf
from edgedf.cli import app
from edgedf.data.drawn import draw_dataset, draw_face
from edgedf.deploy import side_by_side
from edgedf.deploy.bounds import Bounds
from edgedf.programs import load

ROOT = Path(edgedf.__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKE = ["make demo", "make test"]  # the first is edgedf demo, tested by itself; the second runs this
SMALL = {  # the same commands, small enough for a test
    "train": "--config demo --epochs 1 --set image_size=32",
    "distill": "--config demo --epochs 1 --set size=nano",
    "imagenet": "--epochs 1 --set size=nano --set image_size=32",
    "benchmark": "--quick",
}


FAILS = {  # as the README says
    "edgedf data audit faces",  # drawn forgeries are told by their spectrum
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("bash") for line in block.splitlines()]


def test_every_command_is_of_edgedf_or_a_known_make_target() -> None:
    """Another kind of command would be one that no test runs."""
    others = [line for line in commands() if not line.startswith("edgedf ")]
    assert others == MAKE
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE) for line in MAKE)


def test_commands_and_example_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who types them in their order, with a dataset in `faces`, meets no error."""
    monkeypatch.chdir(tmp_path)
    # A student of one epoch and eighty faces tell nothing of INT8.
    monkeypatch.setattr(load("export/export.py"), "Bounds", lambda: Bounds(drop=1, flips=1))
    monkeypatch.setattr(side_by_side, "INT8_MOVES", 1)
    draw_dataset(Path("faces"), 80)
    Image.fromarray(draw_face(np.random.default_rng(0), fake=False)).save("photo.jpg")
    for line in commands():
        program, *words = shlex.split(line)
        if program == "edgedf":
            kind = words[0] if "imagenet" not in words else "imagenet"
            smaller = [] if {"--resume", "--qat-from"} & {*words} else SMALL.get(kind, "").split()
            result = CliRunner().invoke(app, [*words, *smaller])
            assert result.exit_code == (line.split("--")[0].strip() in FAILS), f"{line}\n{result.output}"
    assert Path("annotated/photo.jpg").is_file()
    [example] = blocks("python")
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["scores"].shape == (1,)


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    """In SECURITY.md, to the tests of what it promises."""
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text())
    targets = [target.partition("#")[0] for target in links if "://" not in target]
    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_figures_are_those_of_the_results() -> None:
    """Real figures, with their intervals, are copied from the pages that say how they were measured."""
    figures = re.findall(r"\.\d{3} \[[^\]]*\]", README)
    results = "".join((ROOT / folder / "README.md").read_text() for folder in ("teacher", "student")).replace("*", "")
    assert len(figures) == 8
    assert not [figure for figure in figures if figure not in results]


def test_the_picture_says_that_its_faces_are_drawn() -> None:
    assert re.search(r"drawn faces\]\(docs/report.png\)\n\n\*Drawn faces, `make demo`", README)


def test_an_option_named_alone_is_one_of_benchmark() -> None:
    """Another command's option stands with its command: `evaluate --threshold-rule`."""
    named = set(re.findall(r"`(--[a-z-]+)", (ROOT / "benchmarks" / "README.md").read_text()))
    group = typer.main.get_group(app)
    known = {option for one in group.commands["benchmark"].params for option in one.opts}
    assert named and named <= known


def test_changelog_names_the_version() -> None:
    assert f"## {edgedf.__version__}\n" in (ROOT / "CHANGELOG.md").read_text()
