"""Faces through a video: the detector looks at some frames, and boxes between are interpolated."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from edgedf.data.prepare.frame import Frame
from edgedf.data.prepare.outcome import Clock
from edgedf.faces.crop import Box
from edgedf.faces.decoding import Floats
from edgedf.faces.detectors import Detector
from edgedf.faces.tracking import Tracker, distances

MOVED = 0.1
"""Where a face has moved or grown by more of its side between two looks, the frame in their middle is looked at too.

On 1,015 faces between looks, in clips of 20 people, its box is then off the frame's own by 1.7 % of the side (median;
4.6 and 8.9 % for one in ten and in a hundred): as with a look every 12 frames (1.3, 3.9, 8.7 %), which takes half as
many looks more; with one every 24 and none in the middle it is 2.1, 5.7 and 13.1 %.
"""

Found = tuple[Frame, list[tuple[int, Box]]]
"""A frame, and number and box of each face in it."""


class _Look(NamedTuple):
    frame: int
    boxes: Floats


class Follower:
    """Follows the faces of one video.

    A face stands in the frames between two looks only where both found it: nothing is cut where a scene may have
    changed. Boxes are not smoothed: those of a frame are the same as those of a photo of it.

    Args:
        detector: Finds the faces.
        step: Most frames between two looks.
        clock: Counts the detector's time.
    """

    def __init__(self, detector: Detector, step: int, clock: Clock) -> None:
        self._detector, self._step, self._clock = detector, step, clock
        self._tracker = Tracker(step)
        self._before: _Look | None = None

    def follow(self, frames: Iterable[Frame]) -> Iterator[Found]:
        """Each frame with its faces; frames between two looks wait for the second."""
        waiting: list[Frame] = []
        for frame in frames:
            waiting.append(frame)
            if self._before is None or frame.number - self._before.frame >= self._step:
                yield from self._followed(waiting)
                waiting = []
        if waiting:
            yield from self._followed(waiting)

    def _followed(self, frames: list[Frame]) -> Iterator[Found]:
        """Looks at the last of some frames, all after the look before, and where much has changed in their middle."""
        *between, last = frames
        look = self._look(last)
        if between and self._before and not _alike(self._before, look):
            middle = len(between) // 2
            yield from self._until(self._look(between[middle]), frames[: middle + 1])
            frames = frames[middle + 1 :]
        yield from self._until(look, frames)

    def _look(self, frame: Frame) -> _Look:
        with self._clock("detect"):
            return _Look(frame.number, frame.faces(self._detector))

    def _until(self, look: _Look, frames: list[Frame]) -> Iterator[Found]:
        """The faces of a frame that was looked at and of those between it and the look before."""
        *between, last = frames
        self._tracker.update(*look)
        looks = [self._before.frame, look.frame] if self._before else []
        yield from ((frame, self._faces(frame.number, looks)) for frame in between)
        yield last, self._faces(look.frame, [look.frame])
        self._before = look

    def _faces(self, frame: int, looks: list[int]) -> list[tuple[int, Box]]:
        seen = (one for one in self._tracker.trajectories if one.frames[-len(looks) :] == looks)
        return [(one.number, one.at(frame)) for one in seen]


def _alike(one: _Look, other: _Look) -> bool:
    """Whether two looks found the same faces in nearly the same places."""
    near = distances(one.boxes, other.boxes) <= MOVED
    return bool(near.any(axis=0).all() and near.any(axis=1).all())
