"""What a machine runs out of: one line says what to mend, and the same command then goes on."""

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.child import Child, Ended, run
from tests.faults.trials import TRIALS, Place, again

LIMITED = Path(__file__).with_name("limited.py")

pytestmark = pytest.mark.faults


class Disk:
    """A small disk of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self._mount("size=64k", "-t", "tmpfs", "tmpfs")

    def change(self, options: str) -> None:
        self._mount(f"remount,{options}")

    def _mount(self, options: str, *what: str) -> None:
        subprocess.run(["mount", "-o", options, *what, str(self.path)], check=True, capture_output=True)

    def close(self) -> None:
        subprocess.run(["umount", str(self.path)], check=True)


@pytest.fixture
def place(inputs: Path, tmp_path: Path) -> Place:
    place = Place(inputs, tmp_path / "place")
    place.cache.mkdir(parents=True)
    return place


@pytest.fixture
def disk(place: Place) -> Iterator[Disk]:
    """The place's output is on it."""
    try:
        made = Disk(place.out)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield made
    made.close()


def check(ended: Ended, words: str) -> None:
    """One line that names the trouble, and exit code 2."""
    assert ended.code == 2 and words in ended.err.splitlines()[-1].lower(), ended
    assert "Traceback" not in ended.err and "--debug" not in ended.err


@pytest.mark.parametrize("name", ["train", "distill", "prepare", "forge", "export", "benchmark", "watch"])
def test_a_full_disk(name: str, place: Place, disk: Disk) -> None:
    """With more room the same command ends well."""
    if name in ("benchmark", "watch"):
        disk.change("size=8k")
    trial = TRIALS[name]
    check(run(trial.words(place), place.cache), "the disk is full")
    disk.change("size=200m")
    ended = again(trial, place)
    assert ended.code in (0, 1), ended
    assert trial.left(place, ended)


@pytest.mark.parametrize("name", ["train", "distill", "prepare", "forge", "export", "benchmark", "watch"])
def test_a_read_only_output_is_told_before_the_work(name: str, place: Place, disk: Disk) -> None:
    disk.change("ro")
    check(run(TRIALS[name].words(place), place.cache), "cannot be written to: name another folder")


@pytest.mark.parametrize("name", ["train", "prepare", "forge"])
def test_a_vanishing_output(name: str, place: Place) -> None:
    """It ends there, and leaves nothing that could be taken for whole."""
    sign = {"train": "best_model.pth", "prepare": "prepare.jsonl", "forge": "mask"}[name]
    child = Child(TRIALS[name].words(place), place.cache)
    child.until((place.out / sign).exists)
    place.out.rename(place.root / "moved")
    check(child.end(), "run the command again")
    assert not (place.out / "final_model.pth").exists() and not (place.out / "labels.csv").exists()


def test_a_vanishing_cache_costs_only_time(place: Place) -> None:
    assert run(TRIALS["train"].words(place), place.cache).code == 0
    shutil.rmtree(place.cache)
    shutil.rmtree(place.out)
    assert run(TRIALS["train"].words(place), place.cache).code == 0


@pytest.mark.parametrize("name", ["train", "choice"])
def test_out_of_memory(name: str, place: Place) -> None:
    ended = limited("memory", name, place)
    check(ended, "out of memory")
    ended = again(TRIALS[name], place)
    assert ended.code in (0, 1), ended


def limited(kind: str, name: str, place: Place) -> Ended:
    words = [word for word in TRIALS[name].words(place) if not str(word).endswith(".py")]
    return run([LIMITED, kind, *words], place.cache)


@pytest.mark.parametrize("name", ["train", "prepare", "forge", "choice"])
def test_out_of_file_handles(name: str, place: Place) -> None:
    ended = limited("handles", name, place)
    check(ended, "too many open files")
    ended = again(TRIALS[name], place)
    assert ended.code in (0, 1), ended


def test_a_limit_on_the_size_of_files_is_told_as_that(place: Place) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    ended = run(TRIALS["train"].words(place), place.cache, limit)
    check(ended, os.strerror(errno.EFBIG).lower())
