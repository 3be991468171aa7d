"""Tracks: who is who, where a face is between two frames, and how steady its box becomes."""

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
    tracker = Tracker(smoothing=0)
    assert tracker.update(0, boxes(box(100, 100), box(300, 100))) == [0, 1]
    assert tracker.update(1, boxes(box(290, 105), box(110, 100))) == [1, 0]
    (first, there), (second, other) = tracker.at(1)
    assert (first, second) == (0, 1)
    assert there == pytest.approx(box(110, 100)) and other == pytest.approx(box(290, 105))


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
    tracker = Tracker(every=4, smoothing=0)
    tracker.update(0, boxes(box(100, 100, 80, 100)))
    tracker.update(4, boxes(box(140, 80, 80, 100)))
    [(number, there)] = tracker.at(3)
    assert number == 0 and there == pytest.approx(box(130, 85))
    assert tracker.at(7)[0][1] == pytest.approx(box(140, 80)), "until the next look the face stays where it was"
    assert tracker.at(8) == []


def test_a_face_that_is_missed_for_a_moment_goes_on() -> None:
    tracker = Tracker(every=2, patience=2, smoothing=0)
    tracker.update(10, boxes(box(100, 100)))
    for frame in (12, 14):
        assert tracker.update(frame, NOBODY) == []
    assert tracker.update(16, boxes(box(130, 100))) == [0]
    assert tracker.at(12)[0][1] == pytest.approx(box(110, 100))


def test_a_face_that_was_away_for_long_is_a_new_one() -> None:
    tracker = Tracker(every=2, patience=2)
    tracker.update(10, boxes(box(100, 100)))
    assert tracker.update(18, boxes(box(100, 100))) == [1]
    assert tracker.at(14) == []


def test_smoothing_steadies_a_face_that_moves_and_does_not_lag() -> None:
    rng = np.random.default_rng(0)
    tracker = Tracker()
    frames = range(100)
    for frame in frames:
        x, y = rng.normal((100 + 2 * frame, 200 - frame), 3)
        tracker.update(frame, boxes(box(x, y)))
    [track] = tracker.tracks
    found = np.array([(b[0] + 40, b[1] + 50) for b in track.boxes])
    smooth = np.array([(b[0] + 40, b[1] + 50) for b in map(track.at, frames)])
    true = np.array([(100 + 2 * frame, 200 - frame) for frame in frames])
    assert np.std(smooth - true) < 0.65 * np.std(found - true)
    assert abs(np.mean(smooth - true)) < 0.5


def test_a_constant_motion_is_not_changed_by_smoothing() -> None:
    """At its first and its last box neither."""
    tracker = Tracker()
    for frame in range(5):
        tracker.update(frame, boxes(box(100 + 10 * frame, 100, 80 * 1.05**frame, 100 * 1.05**frame)))
    for frame in range(5):
        wanted = box(100 + 10 * frame, 100, 80 * 1.05**frame, 100 * 1.05**frame)
        assert tracker.at(frame)[0][1] == pytest.approx(wanted, rel=1e-4)


def test_a_single_box_stays_as_it_is() -> None:
    tracker = Tracker()
    tracker.update(5, boxes(box(100, 100)))
    assert tracker.at(5)[0][1] == pytest.approx(box(100, 100))


def test_forgotten_frames_leave_the_rest_alone() -> None:
    tracker = Tracker(smoothing=0)
    tracker.update(0, boxes(box(100, 100), box(300, 100)))
    tracker.update(1, boxes(box(110, 100)))
    tracker.forget(before=1)
    assert [(track.number, track.frames) for track in tracker.tracks] == [(0, [1])]
    assert tracker.update(2, boxes(box(120, 100), box(300, 100))) == [0, 2], "numbers are not used twice"
