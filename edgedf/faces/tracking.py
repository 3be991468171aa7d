"""Which boxes of a video's frames are one face, and where that face is in the frames between."""

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import Box
from edgedf.faces.decoding import Floats

FARTHEST = 0.6
"""Distance above which two boxes are not one face's."""

PATIENCE = 3
"""A face not found more often in a row is a new face when it comes back."""

Values = NDArray[np.float64]


class Trajectory:
    """Where one face was of late in a video.

    Attributes:
        number: Of the face in the video, from 0.
        frames: Where it was found, rising.
        boxes: What was found there, each `(4,)`: x, y, width, height.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.frames: list[int] = []
        self.boxes: list[Floats] = []

    def add(self, frame: int, box: Floats) -> None:
        """Adds what was found in a later frame."""
        self.frames.append(frame)
        self.boxes.append(box)

    def at(self, frame: int) -> Box:
        """The box in any frame: between two that were found on a straight line, before and after as the nearest."""
        line = _values(np.array(self.boxes))
        x, y, width, height = (float(np.interp(frame, self.frames, one)) for one in line.T)
        width, height = float(np.exp(width)), float(np.exp(height))
        return x - width / 2, y - height / 2, width, height

    def forget(self, before: int) -> None:
        """Drops what was found before a frame."""
        old = sum(frame < before for frame in self.frames)
        del self.frames[:old], self.boxes[:old]


class Tracker:
    """Links the boxes of frames, given in order, to trajectories.

    Attributes:
        trajectories: Of the faces that may come back, in the order of their numbers.

    Args:
        every: Boxes are found in every so many-th frame.
    """

    def __init__(self, every: int = 1) -> None:
        self.trajectories: list[Trajectory] = []
        self._longest, self._next = every * (PATIENCE + 1), 0

    def update(self, frame: int, boxes: Floats) -> list[int]:
        """Takes the boxes `(N, 4)` found in a frame after those given before; gives the number of each one's face."""
        for one in self.trajectories:
            one.forget(frame - self._longest)
        self.trajectories = known = [one for one in self.trajectories if one.frames]
        linked = _nearest(np.array([one.boxes[-1] for one in known]).reshape(-1, 4), boxes)
        faces = [known[linked[i]] if i in linked else self._new() for i in range(len(boxes))]
        for face, box in zip(faces, boxes, strict=True):
            face.add(frame, box)
        return [face.number for face in faces]

    def _new(self) -> Trajectory:
        self.trajectories.append(Trajectory(self._next))
        self._next += 1
        return self.trajectories[-1]


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
