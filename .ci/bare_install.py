"""Checks an installation without extras. Run it with that environment's Python, outside a checkout."""

import importlib
import os
import pkgutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

import edgedf
from edgedf.cli import app

SITE = Path(sysconfig.get_path("purelib"))
COMMAND = str(Path(sys.executable).with_name("edgedf"))
NOT_OURS = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"}
NEEDS_NO_EXTRA = ("bundle", "cli", "commands", "faces", "metrics", "report", "runtime")
TRIES = 5  # the best counts, in CPU time: other work on the machine only adds

IMPORT_TIME = """
import sys, time
start = time.process_time()
import edgedf.runtime
print(time.process_time() - start)
assert "torch" not in sys.modules
"""


def main() -> None:
    """Runs all checks; the first that fails ends it."""
    assert Path(edgedf.__file__).is_relative_to(SITE), "this is not the installed package"
    for module in pkgutil.walk_packages(edgedf.__path__, "edgedf."):
        if module.name.split(".")[1] in NEEDS_NO_EXTRA:
            importlib.import_module(module.name)
    for words in commands(typer.main.get_command(app)):
        subprocess.run([COMMAND, *words, "--help"], check=True, stdout=subprocess.DEVNULL)
    training = subprocess.run(
        [COMMAND, "train", "student", "--data", ".", "--out", "run"], capture_output=True, text=True
    )
    assert training.returncode == 2 and "pip install 'edgedf[train]'" in training.stderr, training.stderr
    at_most(202, size_mb(), "MB of site-packages")
    at_most(0.3, best(import_s), "s for import edgedf.runtime")
    at_most(0.5, best(help_s), "s for edgedf --help")


def commands(command: object, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""
    yield words
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


def size_mb() -> float:
    """Size of what was installed, without what a new environment brings."""
    ours = (entry for entry in SITE.iterdir() if entry.name.split("-")[0] not in NOT_OURS)
    files = (file for entry in ours for file in [entry, *entry.rglob("*")] if file.is_file())
    return sum(file.stat().st_size for file in files) / 1e6


def import_s() -> float:
    """Seconds to import the runtime in a new process."""
    return float(subprocess.check_output([sys.executable, "-I", "-c", IMPORT_TIME]))


def help_s() -> float:
    """Seconds of a whole `edgedf --help`."""
    start = os.times()
    subprocess.run([COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
    end = os.times()
    return end.children_user + end.children_system - start.children_user - start.children_system


def best(measure: Callable[[], float]) -> float:
    """The smallest of several measurements."""
    return min(measure() for _ in range(TRIES))


def at_most(limit: float, value: float, name: str) -> None:
    """Prints a figure and stops where it is above its limit."""
    print(f"{value:.3g} {name} (at most {limit})")
    if value > limit:
        sys.exit(f"{value:.3g} {name} is more than {limit}")


if __name__ == "__main__":
    main()
