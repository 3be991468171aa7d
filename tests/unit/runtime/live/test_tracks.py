"""Who is who: through crossings, behind others, at cuts."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.faces.crop import Box
from edgedf.faces.decoding import Floats, iou
from edgedf.runtime.live.tracks import Tracks

STEP = 0.13  # seconds between two looks
Path = Callable[[float], float]


def looks(count: int, alike: bool = False) -> Floats:
    """The appearance of some people, `(count, 192)`, of length 1."""
    found = np.random.default_rng(3).normal(size=(count, 192)).astype(np.float32)
    found[:] = found[0] if alike else found
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def box(x: float, y: float = 100, side: float = 80) -> list[float]:
    return [x - side / 2, y - side / 2, side, side]


def boxes(*rows: list[float]) -> Floats:
    return np.array(rows, np.float32).reshape(-1, 4)


def followed(paths: list[Path], people: Floats, seconds: float) -> list[list[int | None]]:
    """The number that each look gives each person: -1 for one out of sight behind a later one, None for no one's."""
    tracks, numbers = Tracks(), list[list[int | None]]()
    for time in np.arange(0, seconds, STEP):
        places = boxes(*(box(path(float(time))) for path in paths))
        seen = [i for i in range(len(paths)) if not any(iou(places[i], other) > 0.3 for other in places[i + 1 :])]
        found = tracks.update(float(time), places[seen], people[seen])
        given = {i: None if track is None else track.id for i, track in zip(seen, found, strict=True)}
        numbers.append([given.get(i, -1) for i in range(len(paths))])
    return numbers


def through(time: float) -> float:
    return 100 + 100 * time


def towards(time: float) -> float:
    return 400 - 100 * time


def back(time: float) -> float:
    return 400 - 100 * min(time, 3 - time)


def bounce(time: float) -> float:
    return 100 + 100 * min(time, 3 - time)


@pytest.mark.parametrize("paths", [(through, towards), (towards, through), (bounce, back)])
def test_two_who_cross_or_meet_keep_their_numbers(paths: tuple[Path, Path]) -> None:
    numbers = followed(list(paths), looks(2), 3)
    assert [-1] in [row[:1] for row in numbers], "one is behind the other for a while"
    assert {row[0] for row in numbers} <= {0, -1, None} and {row[1] for row in numbers} <= {1, None}
    assert numbers[-1] == [0, 1]


@pytest.mark.parametrize("paths", [(through, towards), (bounce, back)])
def test_two_who_look_alike_get_new_numbers_rather_than_each_others(paths: tuple[Path, Path]) -> None:
    first, second = zip(*followed(list(paths), looks(2, alike=True), 3), strict=True)
    ours, theirs = ({number for number in row if number not in (None, -1)} for row in (first, second))
    assert 0 in ours and 1 in theirs and not ours & theirs


def test_a_face_that_is_hidden_for_a_moment_goes_on_where_it_must_have_come() -> None:
    tracks = Tracks()
    for i in range(5):
        [track] = tracks.update(i * STEP, boxes(box(100 + 20 * i)), looks(1))
    hidden = 4 * STEP + np.arange(1, 7) * STEP  # .8 s
    for time in hidden:
        assert tracks.update(float(time), boxes(), looks(0)) == []
    assert not list(tracks.shown), "nor is it shown meanwhile"
    [after] = tracks.update(11 * STEP, boxes(box(100 + 20 * 11)), looks(1))
    assert track and after and after.id == track.id == 0
    assert [one.id for one in tracks.shown] == [0]


def test_a_face_that_was_away_for_long_and_another_persons_are_new() -> None:
    tracks = Tracks()
    tracks.update(0, boxes(box(100)), looks(1))
    for i in range(1, 10):
        tracks.update(i * STEP, boxes(), looks(0))
    [late] = tracks.update(10 * STEP, boxes(box(100)), looks(1))
    [other] = tracks.update(11 * STEP, boxes(box(100)), looks(2)[1:])
    assert late and other and (late.id, other.id) == (1, 2)


def test_after_a_cut_all_are_new() -> None:
    tracks = Tracks()
    tracks.update(0, boxes(box(100)), looks(1))
    tracks.end()
    [track] = tracks.update(STEP, boxes(box(100)), looks(1))
    assert track and track.id == 1


def test_forty_faces_side_by_side_keep_their_numbers_in_any_order() -> None:
    rng = np.random.default_rng(0)
    tracks, people = Tracks(), looks(40)
    for i in range(10):
        order: NDArray[np.intp] = rng.permutation(40) if i else np.arange(40)
        places = boxes(*(box(100 * (n % 8) + 8 * i, 100 * (n // 8)) for n in order))
        assert [track and track.id for track in tracks.update(i * STEP, places, people[order])] == order.tolist()


def test_between_looks_a_face_moves_and_grows_as_before() -> None:
    tracks = Tracks()
    for i in range(4):
        tracks.update(i * STEP, boxes(box(100 + 10 * i, side=80 * 1.05**i)), looks(1))
    [track] = tracks
    wanted: Box = tuple(box(100 + 10 * 3.5, side=80 * 1.05**3.5))  # type: ignore[assignment]
    assert track.at(3.5 * STEP) == pytest.approx(wanted, abs=0.5)
    assert track.speed == pytest.approx(10 / STEP / 88, rel=0.1)


def test_only_faces_seen_lately_are_kept() -> None:
    tracks = Tracks()
    for i in range(200):
        tracks.update(i * STEP, boxes(box(1000 * i)), looks(1))
    assert len(list(tracks)) <= 1 + 1 / STEP + 1
