"""Tracks: who is who, where a face is between two frames, and when it is forgotten."""

import numpy as np
import pytest

from edgedf.faces.tracking import Tracker

NOBODY = np.zeros((0, 4), np.float32)


def box(x: float, y: float, width: float = 80, height: float = 100) -> list[float]:
    """A box by its centre."""
    return [x - width / 2, y - height / 2, width, height]


def boxes(*rows: list[float]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_two_people_keep_their_numbers_whatever_the_order() -> None:
    tracker = Tracker()
    assert tracker.update(0, boxes(box(100, 100), box(300, 100))) == [0, 1]
    assert tracker.update(1, boxes(box(290, 105), box(110, 100))) == [1, 0]
    first, second = tracker.trajectories
    assert (first.number, second.number) == (0, 1)
    assert first.at(1) == pytest.approx(box(110, 100)) and second.at(1) == pytest.approx(box(290, 105))


def test_faces_side_by_side_that_both_move_are_not_swapped() -> None:
    """Both move by half of what lies between them, one to where the other was nearly."""
    tracker = Tracker()
    tracker.update(0, boxes(box(100, 100), box(190, 100)))
    assert tracker.update(1, boxes(box(145, 100), box(235, 100))) == [0, 1]


def test_a_newcomer_is_new() -> None:
    """Far away, or at the same place and of another size."""
    tracker = Tracker()
    tracker.update(0, boxes(box(100, 100)))
    assert tracker.update(1, boxes(box(100, 100), box(400, 100), box(100, 100, 20, 25))) == [0, 1, 2]


def test_frames_between_are_filled_in_a_straight_line() -> None:
    """Of centre and growth; before and after it the nearest box stands."""
    tracker = Tracker(every=4)
    tracker.update(0, boxes(box(100, 100, 80, 100)))
    tracker.update(4, boxes(box(120, 90, 64, 80)))
    [face] = tracker.trajectories
    assert face.at(2) == pytest.approx(box(110, 95, 80 * 0.8**0.5, 100 * 0.8**0.5))
    assert face.at(7) == pytest.approx(box(120, 90, 64, 80))


def test_a_face_that_is_missed_for_a_moment_goes_on() -> None:
    tracker = Tracker(every=2)
    tracker.update(10, boxes(box(100, 100)))
    for frame in (12, 14, 16):
        assert tracker.update(frame, NOBODY) == []
    assert tracker.update(18, boxes(box(130, 100))) == [0]
    assert tracker.trajectories[0].at(14) == pytest.approx(box(115, 100))


def test_a_face_that_was_away_for_long_is_a_new_one() -> None:
    tracker = Tracker(every=2)
    tracker.update(10, boxes(box(100, 100)))
    assert tracker.update(20, boxes(box(100, 100))) == [1]


def test_what_is_long_past_is_forgotten() -> None:
    """A video may be of any length."""
    tracker = Tracker()
    tracker.update(0, boxes(box(100, 100), box(300, 100)))
    for frame in range(1, 10):
        tracker.update(frame, boxes(box(100 + 10 * frame, 100)))
    assert [(one.number, one.frames) for one in tracker.trajectories] == [(0, [5, 6, 7, 8, 9])]
    assert tracker.update(10, boxes(box(200, 100), box(300, 100))) == [0, 2], "numbers are not used twice"
