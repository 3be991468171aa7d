"""Finds and runs the programs: `teacher/train.py`, `student/distill.py` and so on.

An installed package has them in its `recipes` folder, a checkout beside the package. They are loaded by path,
so that no top-level package named `teacher` or `export` exists.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from edgedf import shipped
from edgedf.console import say
from edgedf.errors import ConfigError, InputError, InternalError

Result = dict[str, Any]

PACKAGE = Path(__file__).parent
DEFAULT_STUDENT = shipped.DEFAULT_STUDENT
COMMANDS = {"teacher": "train", "student": "distill"}  # what takes the configurations of a folder


def root() -> Path:
    """The folder that holds the program folders."""
    recipes = PACKAGE / "recipes"
    return recipes if recipes.is_dir() else PACKAGE.parent


def load(program: str) -> ModuleType:
    """Loads a program as a module, once a process.

    Args:
        program: Path under the program root, such as "teacher/train.py".

    Raises:
        InternalError: The installation lacks the program.
    """
    name = "edgedf.recipes." + program.removesuffix(".py").replace("/", ".")
    if name in sys.modules:
        return sys.modules[name]
    path = root() / program
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InternalError(f"the program {program} is missing: install edgedf again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: its dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def run(program: str, *args: Any, **options: Any) -> Result:
    """Runs the `main` of a program and gives its JSON-able result."""
    result: Result = load(program).main(*args, **options)
    return result


def shipped_student() -> Path:
    """Folder of the student bundle that comes with edgedf; says on what terms.

    Raises:
        InputError: This installation has none.
    """
    if not DEFAULT_STUDENT.is_dir():
        raise InputError(
            f"{DEFAULT_STUDENT} is missing, so this edgedf has no student of its own: name a run or bundle"
        )
    say(f"note: {shipped.TERMS}")
    return DEFAULT_STUDENT


def config_path(role: str, name: str) -> Path:
    """Path of a shipped configuration, such as `config_path("teacher", "demo")`.

    Raises:
        ConfigError: No such configuration; the message names those there are, and the command that takes them.
    """
    path = root() / role / f"{name}.toml"
    if not path.is_file():
        shipped = "; ".join(f"{command} takes {config_names(folder)}" for folder, command in COMMANDS.items())
        raise ConfigError(f"{COMMANDS[role]} has no configuration {name!r}: {shipped}")
    return path


def config_names(role: str) -> str:
    """The names of the shipped configurations in a folder: "base, demo, nano, small"."""
    return ", ".join(sorted(path.stem for path in (root() / role).glob("*.toml"))) or "none"
