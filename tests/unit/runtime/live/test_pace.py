"""When to look, and at whom."""

import numpy as np
import pytest

from edgedf.runtime.backends import BATCH
from edgedf.runtime.live.pace import Due, Pace

NEW, OLD = Due(-np.inf, False), Due(0.0, True)


def looks(pace: Pace, change: float, speeds: list[float], seconds: float = 0.0, frames: int = 300) -> int:
    """How many of ten seconds' frames are looked at, where each look takes so many seconds."""
    count = 0
    for i in range(frames):
        if pace.is_due(i / 30, change, speeds):
            pace.looked(i / 30, seconds)
            count += 1
    return count


@pytest.mark.parametrize(
    ("change", "speeds", "wanted"),
    [(10, [0.1], 75), (10, [0.1, 3.0], 150), (10, [9.0], 300), (10, [], 75), (0.5, [], 20), (0.5, [0.0], 75)],
)
def test_motion_makes_looks_frequent_and_an_empty_scene_rare(change: float, speeds: list[float], wanted: int) -> None:
    assert looks(Pace(33, hurried=True), change, speeds) == pytest.approx(wanted, rel=0.05)


def test_slow_looks_are_rare_but_for_a_file() -> None:
    assert looks(Pace(33, hurried=True), 10, [9.0], seconds=0.2) == pytest.approx(300 / 15, abs=2)
    assert looks(Pace(33, hurried=False), 10, [9.0], seconds=0.2) == 300


def test_faces_that_wait_longest_come_first_and_settled_ones_wait_longer() -> None:
    pace = Pace(33, hurried=True)
    assert pace.chosen(0.2, [OLD, NEW, Due(0.0, False), Due(0.15, False)]) == [1, 2]
    assert pace.chosen(0.31, [OLD, NEW]) == [1, 0]


def test_a_slow_model_judges_few_at_a_time_and_a_batch_is_the_most() -> None:
    faces = [NEW] * 40
    pace = Pace(33, hurried=True)
    assert len(pace.chosen(0, faces)) == BATCH
    pace.judged(0.3, 32)
    assert len(pace.chosen(0, faces)) == 3
    slow, file = Pace(33, hurried=True), Pace(33, hurried=False)
    for one in (slow, file):
        one.judged(5.0, 1)
    assert len(slow.chosen(0, faces)) == 1 and len(file.chosen(0, faces)) == BATCH
