"""The reference is built from the docstrings without a warning, and tells of all that is public."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgedf

pytest.importorskip("sphinx")
pytest.importorskip("furo")

ROOT = Path(edgedf.__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
[COMMAND] = re.findall(
    r"^reference:.*\n\t\$\(VENV\)/bin/python (.*) docs/reference ", (ROOT / "Makefile").read_text(), re.M
)


def build(source: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, *COMMAND.split(), str(source), str(out)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True)


def test_it_is_built_without_a_warning_and_has_every_public_name(tmp_path: Path) -> None:
    built = build(PAGES, tmp_path)
    assert built.returncode == 0, built.stderr
    for part in ("runtime", "bundle", "report", "metrics"):
        page = (tmp_path / f"{part}.html").read_text()
        names = importlib.import_module(f"edgedf.{part}").__all__
        capitals = {name for name in names if name.isupper()}  # file names, told of in the module's docstring
        assert {name for name in names if f'id="edgedf.{part}.{name}"' not in page} == capitals


@pytest.mark.parametrize(
    "text", [".. autoclass:: edgedf.runtime.Nobody", ":py:class:`edgedf.runtime.Nobody`", "a `tick"]
)
def test_what_is_wrong_ends_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text((PAGES / "conf.py").read_text())
    (tmp_path / "index.rst").write_text(f"Title\n=====\n\n{text}\n")
    built = build(tmp_path, tmp_path / "out")
    assert built.returncode == 1 and "WARNING" in built.stderr
