"""Calls at a camera's pace, on a clock that only sleep and work move."""

import pytest

from edgedf.runtime import pace
from edgedf.runtime.pace import after_idle, at_pace


class Clock:
    """Stands in for the module `time`."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 1e-9  # never wakes too early


class Work:
    """A call of known lengths, which remembers when it began."""

    def __init__(self, clock: Clock, *seconds: float) -> None:
        self.clock, self.seconds, self.begun = clock, iter(seconds), list[float]()

    def __call__(self) -> None:
        self.begun.append(self.clock.now)
        self.clock.now += next(self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def test_calls_begin_with_the_frames(clock: Clock) -> None:
    work = Work(clock, 0.01, 0.02, 0.01)
    assert at_pace(work, count=3, period_s=0.1) == pytest.approx([10, 20, 10])
    assert work.begun == pytest.approx([0, 0.1, 0.2])


def test_frames_that_come_during_a_call_are_left_out(clock: Clock) -> None:
    """As a camera app takes the newest: a call of 2.5 frames is followed by one at the fourth frame."""
    work = Work(clock, 0.25, 0.01, 0.01)
    assert at_pace(work, count=3, period_s=0.1) == pytest.approx([250, 10, 10])
    assert work.begun == pytest.approx([0, 0.3, 0.4])


def test_the_slowest_call_after_a_pause_counts(clock: Clock) -> None:
    work = Work(clock, 0.01, 0.03, 0.02)
    assert after_idle(work, idle_s=1.0, count=3) == pytest.approx(30)
    assert work.begun == pytest.approx([1.0, 2.01, 3.04])
