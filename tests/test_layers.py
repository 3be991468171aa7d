"""Who may import whom, and what must never load torch."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgedf
from edgedf.guard import EXTRA_OF

PACKAGE = Path(edgedf.__file__).parent
FOUNDATION = {
    "edgedf",
    "colour",
    "errors",
    "extras",
    "files",
    "forks",
    "console",
    "locks",
    "machine",
    "markdown",
    "shipped",
    "strict_json",
    "typed",
}
TOP = {"cli", "commands", "__main__"}
PROGRAMS = {"teacher", "student", "export", "benchmarks"}
DIRECTLY_BELOW = {
    "bundle": {"metrics"},
    "runtime": {"bundle", "faces"},
    "data": {"faces"},
    "training": {"data", "nn", "metrics"},
    "deploy": {"runtime", "training"},
    "explain": {"runtime", "nn"},
    "report": {"metrics"},
    "guard": set(),
    "doctor": set(),
}
TORCH_FREE = ("faces", "runtime", "report", "bundle", "metrics", "explain")
NEEDS_TORCH = {PACKAGE / "explain" / "network.py"}  # gradients; a bundle is explained without it
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "recipes" not in path.parts]


def part_of(path: Path) -> str:
    """The part a module belongs to: the folder or file directly under the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__init__", "edgedf")


def imports(path: Path) -> Iterator[str]:
    """Full name of everything a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def below(part: str) -> set[str]:
    direct = DIRECTLY_BELOW.get(part, set())
    return direct.union(*(below(one) for one in direct))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_parts_below_its_own(path: Path) -> None:
    part = part_of(path)
    used = {name.split(".")[1] for name in imports(path) if name.startswith("edgedf.")}
    parts = {name for name in used if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}
    if part not in TOP:
        assert parts <= below(part) | FOUNDATION | {part}


def test_extras_are_those_that_code_asks_for() -> None:
    """An extra that nothing uses is a download for nothing, most of all in `all`, which `make demo` installs."""
    extras = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [everything] = extras["all"]
    used = set(EXTRA_OF.values())
    assert set(everything.removeprefix("edgedf[").removesuffix("]").split(",")) <= used <= extras.keys()
    assert extras.keys() <= used | {"all", "dev", "docs", "fuzz"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_a_program(path: Path) -> None:
    assert PROGRAMS.isdisjoint(name.split(".")[0] for name in imports(path))


def test_every_part_has_its_place() -> None:
    """A new part must be put into the order before it can be imported anywhere."""
    known = FOUNDATION | DIRECTLY_BELOW.keys() | set().union(*DIRECTLY_BELOW.values()) | {"programs"} | TOP
    assert {part_of(path) for path in MODULES} <= known


@pytest.mark.parametrize("part", TORCH_FREE)
def test_torch_free_parts_import_without_torch(part: str) -> None:
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if part_of(path) == part and path not in NEEDS_TORCH
    ]
    assert names
    blocked = "import sys; sys.modules['torch'] = None"  # any import of it now fails
    script = "; ".join([blocked, *(f"import {name}" for name in names)])
    subprocess.run([sys.executable, "-c", script], check=True)


def test_program_folders_are_not_packages() -> None:
    """An `__init__.py` would make a program importable under a second name."""
    assert not [role for role in PROGRAMS if (PACKAGE.parent / role / "__init__.py").exists()]


def test_no_program_imports_its_sibling() -> None:
    """Such an import works when the file is run as a script and fails through the command line."""
    for path in (path for role in PROGRAMS for path in (PACKAGE.parent / role).glob("*.py")):
        siblings = {one.stem for one in path.parent.glob("*.py")}
        assert siblings.isdisjoint(name.split(".")[0] for name in imports(path)), path
