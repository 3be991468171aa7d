"""What CONTRIBUTING.md says is true: the map is that of the imports, and what it names is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import edgedf
from tests.house import FOLDERS, MAP, PLACES, drawing, uses
from tests.test_layers import DIRECTLY_BELOW

ROOT = Path(edgedf.__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)?")
FILE = re.compile(r"[\w./-]*(/[\w.-]*|\.(json|md|py|svg|toml|txt))")


def items(text: str) -> list[str]:
    """Paragraphs and points of lists, without blocks of code."""
    return re.split(r"\n\n|\n(?=\s*(?:\*|\d+\.) )", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@cache
def names(file: str) -> set[str]:
    """Functions, classes, methods and constants of a module."""
    return set(_defined(ast.parse((ROOT / file).read_text()).body))


def _defined(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    for one in body:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield within + one.name
        if isinstance(one, ast.ClassDef):
            yield from _defined(one.body, f"{one.name}.")
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        yield from (within + target.id for target in targets if isinstance(target, ast.Name))


def wrong(text: str) -> list[str]:
    """What a page names in backticks and nobody finds: files, and names of the file before them in the same point."""
    found = []
    for item in items(text):
        file = ""
        for word in re.findall(r"`([^`\n]+)`", item):
            if FILE.fullmatch(word):
                found += [] if (ROOT / word).exists() or "NAME" in word else [word]
                file = word if word.endswith(".py") and (ROOT / word).is_file() else ""
            elif NAME.fullmatch(word):
                found += [] if file and word in names(file) else [f"{file or 'no file'}: {word}"]
    return found


def test_what_the_page_names_is_there() -> None:
    assert wrong(PAGE) == []
    assert len(re.findall(r"\.py`", PAGE)) > 50


@pytest.mark.parametrize(
    "text",
    [
        "`edgedf/nofile.py`",
        "`nofolder/`",
        "`edgedf/data/packed.py` `unpack`",
        "* `edgedf/data/packed.py`\n* `pack`",
        "`edgedf/training/batches.py` `Batches.years`",
    ],
)
def test_what_is_not_there_is_found(text: str) -> None:
    assert len(wrong(text)) == 1


def test_targets_of_make_are_all_told_and_there() -> None:
    [told] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make ([a-z]+)", PAGE)) == set(told.split())


def test_the_map_is_that_of_the_imports() -> None:
    """Where it is not: `python -m tests.house`; a new folder needs its place there first."""
    assert PLACES.keys() == FOLDERS
    assert MAP.read_text() == drawing()


def test_arrows_point_down() -> None:
    upward = [(user, one) for user, names in uses().items() for one in names if PLACES[one].row >= PLACES[user].row]
    assert upward == []


def test_layers_allow_what_is_used_and_no_more() -> None:
    assert uses() == {folder: DIRECTLY_BELOW.get(folder, set()) for folder in FOLDERS}
