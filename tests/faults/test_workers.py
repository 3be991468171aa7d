"""A process of `data prepare` that dies."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.child import Child
from tests.faults.trials import TRIALS, Place, again

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="a process finds its children there")


def workers(child: Child) -> Iterator[int]:
    """The processes that cut faces."""
    for number in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split():
        if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes():
            yield int(number)


def test_a_worker_that_dies_is_told_and_the_same_command_goes_on(inputs: Path, tmp_path: Path) -> None:
    """As where the system kills the largest process for want of memory."""
    place, trial = Place(inputs, tmp_path), TRIALS["prepare"]
    place.cache.mkdir()
    child = Child(trial.words(place), place.cache)
    child.until(lambda: [*place.out.glob("**/*.jpg")])
    os.kill(next(workers(child)), signal.SIGKILL)
    ended = child.end()
    told = "edgedf: a process was killed, perhaps for want of memory: run the command again to go on\n"
    assert (ended.code, ended.err) == (2, told), ended
    assert not (place.out / "labels.csv").exists()
    assert again(trial, place).code == 0
    assert len((place.out / "labels.csv").read_text().splitlines()) == 13
