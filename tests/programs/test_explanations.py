"""`edgedf explanations`: tables against the centre prior, and what it refuses."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.data.dataset import write_dataset
from edgedf.data.drawn import draw_dataset
from edgedf.data.forge.write import forge_dataset
from edgedf.data.readers import open_dataset
from edgedf.programs import load

MakeBundle = Callable[..., Path]
METHODS = {"attention", "occlusion", "random", "centre prior"}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces, whose fakes have no original."""
    return draw_dataset(tmp_path_factory.mktemp("drawn"), 24, 0.2).root


@pytest.fixture(scope="module")
def faces(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the reals, and a forgery of each."""
    root = tmp_path_factory.mktemp("forged")
    forge_dataset(open_dataset(drawn), root, "self_blend", 12)
    return root


def measured(faces: Path, *models: Path, out: Path, code: int = 0) -> Any:
    arguments = ["explanations", *map(str, models), "--data", str(faces), "--split", "train", "--count", "2"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(out), "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if code == 0 else result.output


def test_every_table_has_every_method_and_the_page_says_what_is_worse(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    found = measured(faces, make_bundle("red"), out=tmp_path / "out")
    assert {table["faces"] for table in found["tables"]} == {"forged here", "pairs"}
    page = (tmp_path / "out" / "explanations.html").read_text()
    for table in found["tables"]:
        assert set(table["figures"]) == METHODS
        for name, row in table["figures"].items():
            for measure, figure in row.items():
                assert figure["low"] <= figure["value"] <= figure["high"], (name, measure)
        for name, compared in table["against"].items():
            worse = compared["centre prior"]["worse"]
            assert (f"{name}: WORSE than centre prior in {', '.join(worse)}" in page) == bool(worse)
    assert json.loads((tmp_path / "out" / "explanations.json").read_text()) == found


def test_a_run_is_measured_by_its_gradients_and_with_shuffled_weights(
    drawn: Path, student_run: Path, tmp_path: Path
) -> None:
    main = load("benchmarks/explanations.py").main
    [table] = main([student_run], data=drawn, out=tmp_path / "out", split="train", count=1)["tables"]
    assert {*METHODS, "Grad-CAM++"} <= table["figures"].keys()
    assert -1 <= table["figures"]["Grad-CAM++"]["random weights"]["value"] < 1
    assert "random weights" not in table["figures"]["centre prior"]


def test_the_map_costs_what_the_latencies_say(make_bundle: MakeBundle) -> None:
    [found] = load("benchmarks/map_cost.py").main(make_bundle("red"), rounds=2).values()
    assert found["share"] == pytest.approx(found["with_ms_p50"] / found["without_ms_p50"] - 1)
    assert found["enlarging_ms_p50"] > 0


def test_a_dataset_without_faces_to_forge_is_refused(tmp_path: Path, make_bundle: MakeBundle) -> None:
    Image.new("RGB", (256, 256), (9, 90, 9)).save(tmp_path / "0.png")
    write_dataset(tmp_path, {"path": ["0.png"], "label": ["real"], "split": ["train"], "group": ["a"]})
    shown = measured(tmp_path, make_bundle("red"), out=tmp_path / "out", code=2)
    assert re.search("no real face with landmarks and no fake whose original is there", shown)
