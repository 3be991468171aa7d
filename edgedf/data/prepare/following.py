"""Faces through a video: the detector looks at some frames, and boxes between are interpolated."""

from collections.abc import Iterable, Iterator

from edgedf.data.prepare.outcome import Clock
from edgedf.data.prepare.video import Frame
from edgedf.faces.crop import Box
from edgedf.faces.detectors import Detector
from edgedf.faces.tracking import Tracker

KEPT_STEPS = 4  # looks back that the tracker may link a face over

Found = tuple[Frame, list[tuple[int, Box]]]
"""A frame, and number and box of each face in it."""


class Follower:
    """Follows the faces of one video.

    A face stands in the frames between two looks only where both found it: nothing is cut where a scene may have
    changed. Boxes are not smoothed, so that those of a frame are the same as those of a photo of it.
    """

    def __init__(self, detector: Detector, step: int, clock: Clock) -> None:
        self._detector, self._step, self._clock = detector, step, clock
        self._tracker = Tracker(step, smoothing=0)
        self._looks: list[int] = []

    def follow(self, frames: Iterable[Frame]) -> Iterator[Found]:
        """Each frame with its faces; frames between two looks wait for the second."""
        waiting: list[Frame] = []
        for frame in frames:
            waiting.append(frame)
            if frame.number % self._step == 0:
                yield from self._look(waiting)
                waiting = []
        if waiting:
            yield from self._look(waiting)

    def _look(self, frames: list[Frame]) -> Iterator[Found]:
        """Looks at the last of some frames; the others lie after the look before."""
        *between, last = frames
        with self._clock("detect"):
            [faces] = self._detector.detect([last.image])
        self._tracker.update(last.number, faces.boxes)
        self._looks = [*self._looks[-1:], last.number]
        yield from ((frame, self._faces(frame.number, self._looks)) for frame in between)
        yield last, self._faces(last.number, [last.number])
        self._tracker.forget(last.number - KEPT_STEPS * self._step)

    def _faces(self, frame: int, looks: list[int]) -> list[tuple[int, Box]]:
        seen = (track for track in self._tracker.tracks if track.frames[-len(looks) :] == looks)
        return [(track.number, track.at(frame)) for track in seen]
