"""Which boxes of a video's frames are one face, and where that face is in the frames between."""

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import Box
from edgedf.faces.decoding import Floats

FARTHEST = 0.6
"""Distance above which two boxes are not one face's."""

REACH = 5
"""Boxes before and after that a smoothed box looks at; those farther away weigh nothing."""

Values = NDArray[np.float64]


class Track:
    """One face over time.

    Attributes:
        number: Its number in the video, from 0.
        frames: Where it was found, rising.
        boxes: What was found there, each `(4,)`: x, y, width, height.
    """

    def __init__(self, number: int, smoothing: float) -> None:
        self.number = number
        self.frames: list[int] = []
        self.boxes: list[Floats] = []
        self._smoothing = smoothing
        self._line: tuple[Values, Values] | None = None

    def add(self, frame: int, box: Floats) -> None:
        """Adds what was found in a later frame."""
        self.frames.append(frame)
        self.boxes.append(box)
        self._line = None

    def at(self, frame: int) -> Box:
        """The smoothed box in any frame: between two that were found a straight line, before and after the nearest."""
        if self._line is None:
            times = np.array(self.frames, dtype=np.float64)
            self._line = times, _smoothed(times, _values(np.array(self.boxes)), self._smoothing)
        times, line = self._line
        x, y, width, height = (float(np.interp(frame, times, one)) for one in line.T)
        width, height = float(np.exp(width)), float(np.exp(height))
        return x - width / 2, y - height / 2, width, height

    def forget(self, before: int) -> None:
        """Drops what was found before a frame."""
        kept = next((i for i, frame in enumerate(self.frames) if frame >= before), len(self.frames))
        if kept:
            del self.frames[:kept], self.boxes[:kept]
            self._line = None


class Tracker:
    """Links the boxes of frames, given in order, to tracks.

    Attributes:
        tracks: All faces seen, in the order of their numbers.

    Args:
        every: Boxes are found in every so many-th frame.
        patience: A face not found more than so many times in a row is a new face when it comes back.
        smoothing: How far neighbouring boxes count in a smoothed one: a Gaussian's sigma in frames; 0 leaves boxes as
            they were found. The default suits 25 to 30 frames a second.
    """

    def __init__(self, every: int = 1, patience: int = 3, smoothing: float = 2.0) -> None:
        self.tracks: list[Track] = []
        self._every, self._patience, self._smoothing = every, patience, smoothing
        self._next = 0

    def update(self, frame: int, boxes: Floats) -> list[int]:
        """Takes the boxes `(N, 4)` found in a frame after those given before; gives the number of each one's track."""
        longest = self._every * (self._patience + 1)
        recent = [track for track in self.tracks if frame - track.frames[-1] <= longest]
        linked = _nearest(np.array([track.boxes[-1] for track in recent]).reshape(-1, 4), boxes)
        tracks = [recent[linked[i]] if i in linked else self._new() for i in range(len(boxes))]
        for track, box in zip(tracks, boxes, strict=True):
            track.add(frame, box)
        return [track.number for track in tracks]

    def at(self, frame: int) -> list[tuple[int, Box]]:
        """Number and smoothed box of each face that is there in a frame, those included that were missed in between."""
        there = (one for one in self.tracks if one.frames[0] <= frame < one.frames[-1] + self._every)
        return [(track.number, track.at(frame)) for track in there]

    def forget(self, before: int) -> None:
        """Drops what was found before a frame, so that a camera may run for ever."""
        for track in self.tracks:
            track.forget(before)
        self.tracks = [track for track in self.tracks if track.frames]

    def _new(self) -> Track:
        self.tracks.append(Track(self._next, self._smoothing))
        self._next += 1
        return self.tracks[-1]


def distances(boxes: Floats, others: Floats) -> Values:
    """Sides between the centres of boxes `(N, 4)` and `(M, 4)`, plus the logarithm of the growth, as `(N, M)`."""
    mine, theirs = _values(boxes)[:, None], _values(others)[None]
    sides, other_sides = mine[..., 2:].max(axis=-1), theirs[..., 2:].max(axis=-1)  # logarithms
    way = np.linalg.norm(mine[..., :2] - theirs[..., :2], axis=-1) / np.exp((sides + other_sides) / 2)
    return np.asarray(way + abs(sides - other_sides))


def _nearest(boxes: Floats, others: Floats) -> dict[int, int]:
    """Pairs boxes `(N, 4)` and `(M, 4)`, the nearest pair first, none twice; from each of `others` to its partner."""
    ways = distances(boxes, others)
    pairs: dict[int, int] = {}
    for flat in np.argsort(ways, axis=None):
        one, other = (int(i) for i in np.unravel_index(flat, ways.shape))
        if ways[one, other] > FARTHEST:
            break
        if one not in pairs.values() and other not in pairs:
            pairs[other] = one
    return pairs


def _values(boxes: Floats) -> Values:
    """Boxes `(N, 4)` as centre and logarithm of the size: growing by a tenth is one step at any size."""
    values = boxes.astype(np.float64)
    return np.hstack([values[:, :2] + values[:, 2:] / 2, np.log(values[:, 2:])])


def _smoothed(times: Values, values: Values, sigma: float) -> Values:
    """Local linear regression of values `(N, 4)` at each of their times `(N,)`.

    A straight line is fitted around each time. Unlike an average it does not lag behind a face that moves, not at the
    last box either, which is the one that a camera shows.
    """
    if sigma == 0:
        return values
    places = np.arange(len(times))[:, None] + np.arange(-REACH, REACH + 1)
    inside = (places >= 0) & (places < len(times))
    places = places.clip(0, len(times) - 1)
    gaps = (times[places] - times[:, None]) / sigma
    weights = inside * np.exp(-(gaps**2) / 2)
    moments = [np.sum(weights * gaps**power, axis=1)[:, None] for power in range(3)]
    sums = [np.einsum("nk,nkc->nc", weights * gaps**power, values[places]) for power in range(2)]
    spread = moments[0] * moments[2] - moments[1] ** 2
    sloped = (moments[2] * sums[0] - moments[1] * sums[1]) / np.maximum(spread, 1e-9)
    # A box with no neighbour near it has no slope.
    return np.asarray(np.where(spread > 1e-9, sloped, sums[0] / moments[0]))
