"""Ctrl-C and SIGTERM: a clean end, its exit code, and what to do next; nobody sees a traceback."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.child import Child
from tests.faults.trials import TRIALS, Place, again

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.fixture
def place(inputs: Path, tmp_path: Path) -> Place:
    place = Place(inputs, tmp_path / "place")
    place.cache.mkdir(parents=True)
    return place


BEGUN: dict[str, Callable[[Place], object]] = {  # what tells that the work is in full swing
    "train": lambda place: (place.out / "last_checkpoint.pth").exists(),
    "distill": lambda place: (place.out / "last_checkpoint.pth").exists(),
    "prepare": lambda place: (place.out / "prepare.jsonl").exists(),
    "forge": lambda place: [*place.out.glob("mask/*.png")],
    "export": lambda place: [*place.cache.glob("*/index.json")],
    "benchmark": lambda place: (place.out / "judged.json").exists(),
}
CASES = [
    pytest.param(name, number, marks=() if name == "prepare" and number == signal.SIGINT else pytest.mark.faults)
    for name in BEGUN
    for number in CODES
]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_signal_ends_it_cleanly(name: str, number: signal.Signals, place: Place) -> None:
    """Sent to all of its processes, as a terminal does; given again it ends well."""
    trial = TRIALS[name]
    child = Child(trial.words(place), place.cache)
    child.until(lambda: BEGUN[name](place))
    child.send(number)
    ended = child.end()
    assert ended.code == CODES[number], ended
    assert ended.err.splitlines()[-1].startswith("edgedf: stopped: the same command goes on or starts anew"), ended
    assert "Traceback" not in ended.out + ended.err
    if name in ("train", "distill"):
        assert "stopped and saved: continue with --resume" in ended.out
    assert not [*place.out.rglob(".*.part")]
    assert again(trial, place).code in (0, 1)


@pytest.mark.faults
@pytest.mark.parametrize("number", CODES)
def test_a_signal_ends_the_watching_with_a_summary(number: signal.Signals, place: Place) -> None:
    child = Child(TRIALS["watch"].words(place), place.cache)
    child.until(lambda: [*place.out.glob("events-*.jsonl")])
    child.send(number)
    ended = child.end()
    assert (ended.code, "frames, 0 dropped" in ended.err) == (0, True), ended
    assert "Traceback" not in ended.err
