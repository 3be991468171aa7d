"""Killed at a random moment and given again, a command leaves what one leaves that was never disturbed."""

import random
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.child import Child
from tests.faults.trials import TRIALS, Left, Place, Trial, again

SEED = 20261129


class Whole(NamedTuple):
    """A command that was not disturbed.

    Attributes:
        left: What it left.
        begins_s: From its start to the first file that it wrote.
        lasts_s: From its start to its end.
    """

    left: Left
    begins_s: float
    lasts_s: float


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A quick command's first moment belongs to every run of the tests."""
    moments = metafunc.config.getoption("--moments", 1)
    cases = [
        pytest.param(
            trial,
            (moment + random.Random(f"{SEED} {trial.name} {moment}").random()) / moments,
            id=f"{trial.name}-{moment}",
            marks=() if trial.quick and moment == 0 else pytest.mark.faults,
        )
        for trial in TRIALS.values()
        for moment in range(moments)
    ]
    metafunc.parametrize(("trial", "moment"), cases)


@pytest.fixture(scope="session")
def wholes() -> dict[str, Whole]:
    return {}


def undisturbed(trial: Trial, place: Place) -> Whole:
    place.cache.mkdir(parents=True)
    start = time.monotonic()
    child = Child(trial.words(place), place.cache)
    while child.running and not wrote(place):
        time.sleep(0.005)
    begins = time.monotonic() - start
    ended = child.end()
    lasts = time.monotonic() - start
    assert ended.code in (0, 1), ended
    return Whole(trial.left(place, ended), begins, lasts)


def wrote(place: Place) -> bool:
    return place.out.exists() or any(place.cache.iterdir())


def test_kill(trial: Trial, moment: float, inputs: Path, wholes: dict[str, Whole], tmp_path: Path) -> None:
    """`moment` is from 0, where it has just begun to write, to 1, where it ends."""
    if trial.name not in wholes:
        wholes[trial.name] = undisturbed(trial, Place(inputs, tmp_path / "whole"))
    whole = wholes[trial.name]
    place = Place(inputs, tmp_path / "killed")
    place.cache.mkdir(parents=True)
    begins = whole.begins_s - trial.ahead_s
    delay = begins + moment * (whole.lasts_s - begins)
    Child(trial.words(place), place.cache).killed_after(delay)
    trial.at_kill(place, whole.left)
    ended = again(trial, place)
    if "holds a dataset already" not in ended.err:  # it had just ended
        assert ended.code in (0, 1), ended
    assert trial.left(place, ended) == whole.left
