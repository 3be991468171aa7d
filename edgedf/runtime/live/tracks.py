"""Who is who from look to look, and where each face is between.

A face is linked by place, motion and appearance. Where two people could both be meant, neither is: a face that no one
can name gets a new number after a while, and none ever goes over to someone else.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import Box
from edgedf.faces.decoding import Floats, iou
from edgedf.faces.tracking import FARTHEST, distances

PATIENCE_S = 1.0  # a face not found for longer, and missed in `LOOKS` looks and more, is a new one when it comes back
LOOKS = 2  # missed, after which a face is not shown
DRIFT = 0.6  # sides a second by which a face that is out of sight may be off its prediction, besides
FASTEST = 4.0  # sides a second; more is the detector's error
SHORTEST_S = 0.02  # between two looks, for a speed: a frame's time may be off by some milliseconds
SMOOTHING = 0.5  # share of the newest speed and appearance

UNLIKE = 0.5
"""Difference of appearance from which two faces are not one person's.

One less the correlation. Of 40 clips' faces .1, .5 and 1 s apart it is .01, .03 and .05 (median; .1, .28 and .34 for
one in a hundred), between two people .42 (.2 for one in twenty).
"""
APPEARANCE = 1.5  # sides that a whole difference of appearance counts as much as
DOUBT = 0.15  # in sides: a link is as good as another
COVERED = 0.1  # IoU of two faces
CONTACT = 0.2  # IoU of two predictions; one of two faces that overlap by .3 is not found

Costs = NDArray[np.float64]


class Track:
    """A face over time.

    Attributes:
        id: Its number, from 0.
        found: When it was found last, in seconds.
        missed: Looks since then.
        speed: Sides a second that its centre moves.
        look: How it looks.
        rivals: Numbers of the faces that it was taken for since: where they went, only looks can tell.
    """

    def __init__(self, id: int, time: float, box: Floats, look: Floats) -> None:
        self.id, self.found, self.missed, self.speed = id, time, 0, 0.0
        self.look, self.rivals = look, set[int]()
        self._box = box.astype(np.float64)
        self._motion: Costs | None = None  # of centre in pixels, and logarithm of the side, a second

    def at(self, time: float) -> Box:
        """Where it is at a time from its last look on, moving as before."""
        across, down, growth = (0.0, 0.0, 0.0) if self._motion is None else self._motion.tolist()
        seconds = min(time - self.found, PATIENCE_S)
        x, y, width, height = self._box.tolist()
        larger = math.exp(min(max(growth * seconds, -0.5), 0.5))
        wide, high = width * larger, height * larger
        return x + across * seconds + (width - wide) / 2, y + down * seconds + (height - high) / 2, wide, high

    def add(self, time: float, box: Floats, look: Floats | None) -> None:
        """Takes where it was found, and how it looks where nothing lies over it."""
        new = box.astype(np.float64)
        side = max(float(new[2:].max()), 1.0)
        seconds = max(time - self.found, SHORTEST_S)
        centre = (new - self._box)[:2] + (new - self._box)[2:] / 2
        growth = math.log(side / max(float(self._box[2:].max()), 1.0))
        motion = np.array([*centre, growth]) / seconds
        if self._motion is not None:
            motion = SMOOTHING * motion + (1 - SMOOTHING) * self._motion
        speed = float(np.linalg.norm(motion[:2])) / side
        motion[:2] *= min(FASTEST / max(speed, 1e-9), 1)
        self._motion, self.speed = motion, min(speed, FASTEST)
        self._box, self.found, self.missed, self.rivals = new, time, 0, set()
        if look is not None:
            self.look = SMOOTHING * look + (1 - SMOOTHING) * self.look


class Tracks:
    """The faces of one stream; only those seen lately are kept."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next = 0

    def __iter__(self) -> Iterator[Track]:
        """All, in the order of their numbers."""
        return iter(self._tracks)

    @property
    def shown(self) -> Iterator[Track]:
        """Those that are there; the others may come back yet."""
        return (track for track in self._tracks if track.missed <= LOOKS)

    def update(self, time: float, boxes: Floats, looks: Floats) -> list[Track | None]:
        """Takes what was found in a frame.

        Args:
            time: Of the frame, in seconds; rises.
            boxes: `(N, 4)`.
            looks: `(N, D)`, the appearance of each, of length 1 or 0.

        Returns:
            Each one's track; None where it cannot be told whose face it is.
        """
        self._tracks = [one for one in self._tracks if time - one.found <= PATIENCE_S or one.missed < LOOKS]
        for track in self._tracks:
            track.missed += 1
        known = list(self._tracks)
        clear = ~_covered(boxes)
        meant = self._meant(time, boxes, looks)
        found: list[Track | None] = []
        for i, box in enumerate(boxes):
            tracks = [known[place] for place in meant.get(i, [])]
            if not tracks:
                found.append(self._new(time, box, looks[i]))
            elif len(tracks) == 1:
                tracks[0].add(time, box, looks[i] if clear[i] else None)
                found.append(tracks[0])
            else:
                for track in tracks:
                    track.rivals |= {one.id for one in tracks}
                found.append(None)
        return found

    def end(self) -> None:
        """Ends all tracks: whoever is seen next is new."""
        self._tracks = []

    def _new(self, time: float, box: Floats, look: Floats) -> Track:
        track = Track(self._next, time, box, look)
        self._tracks.append(track)
        self._next += 1
        return track

    def _meant(self, time: float, boxes: Floats, looks: Floats) -> dict[int, list[int]]:
        """Places of the tracks that each box may be of; none for a new face."""
        if not self._tracks or not len(boxes):
            return {}
        there = np.array([one.at(time) for one in self._tracks], dtype=np.float32)
        ways = distances(there, boxes)
        differences = _differences(np.array([one.look for one in self._tracks]), looks)
        unseen = np.array([[time - one.found] for one in self._tracks])
        near, unlike = ways <= FARTHEST + DRIFT * np.minimum(unseen, PATIENCE_S), APPEARANCE * differences
        costs = np.where(near & (differences <= UNLIKE), ways + unlike, np.inf)
        rivals = np.array([[other.id in one.rivals for other in self._tracks] for one in self._tracks])
        contact = iou(there[:, None], there[None]) > CONTACT
        return _linked(costs, unlike, rivals, contact)


def _differences(known: Floats, looks: Floats) -> Costs:
    """One less the correlation of appearances `(T, D)` and `(N, D)`; nothing where one has none."""
    lengths = np.linalg.norm(known, axis=1)[:, None] * np.linalg.norm(looks, axis=1)[None]
    return np.where(lengths > 0, 1 - known @ looks.T / np.maximum(lengths, 1e-9), 0).astype(np.float64)


def _covered(boxes: Floats) -> NDArray[np.bool_]:
    """Which of boxes `(N, 4)` overlap with another so much that one's looks are partly the other's."""
    shared = iou(boxes[:, None], boxes[None])
    np.fill_diagonal(shared, 0)
    return np.asarray((shared > COVERED).any(axis=1))


def _linked(costs: Costs, unlike: Costs, rivals: NDArray[np.bool_], contact: NDArray[np.bool_]) -> dict[int, list[int]]:
    """Pairs tracks and boxes, the cheapest pair first, none twice.

    A box is in doubt where a track without a better one would cost about as much; or, of tracks that were taken for one
    another, or that touch and have one box, where one looks about as much like it. Motion tells nothing of these: they
    may have passed each other or turned back.

    Args:
        costs: `(T, N)`, of linking each track to each box, in sides; infinite where it cannot be.
        unlike: `(T, N)`, what of it is due to looks.
        rivals: `(T, T)`, which tracks were taken for one another.
        contact: `(T, T)`, which tracks touch.

    Returns:
        From a box to the tracks that may be meant, the likeliest first; new faces are left out.
    """
    links: dict[int, list[int]] = {}
    rest, free = costs.copy(), np.ones(len(costs), np.bool_)
    while np.isfinite(rest).any():
        track, box = (int(i) for i in np.unravel_index(rest.argmin(), rest.shape))
        elsewhere = np.delete(rest, box, axis=1).min(axis=1, initial=np.inf)
        near = (rest[:, box] < rest[track, box] + DOUBT) & (elsewhere + DOUBT > rest[:, box])
        hidden = contact[track] & np.isinf(elsewhere)
        near |= (rivals[track] | hidden) & (unlike[:, box] < unlike[track, box] + DOUBT)
        near[track] = False
        links[box] = [track, *np.flatnonzero(near & free).tolist()]
        free[links[box]] = False
        rest[links[box]] = rest[:, box] = np.inf
    doubtful = {track for tracks in links.values() if len(tracks) > 1 for track in tracks}
    for box in set(range(costs.shape[1])) - links.keys():
        if any(np.isfinite(costs[track, box]) for track in doubtful):
            links[box] = sorted(doubtful)
    return links
