"""From what a face detector's network computes to boxes: each network's own anchors, and one suppression for both."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STRIDES = (8, 16, 32)
COARSEST = STRIDES[-1]
"""Both networks want pictures whose sides are multiples of this."""

ANCHOR_SIDES = ((16, 32), (64, 128), (256, 512))
"""RetinaFace's anchors in pixels, at each stride."""
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2


class Faces(NamedTuple):
    """What a detector found in one picture, the surest first; all in pixels of that picture.

    Attributes:
        boxes: `(N, 4)`: x, y, width, height. They may reach out of the picture.
        scores: `(N,)`, in [0, 1].
        points: `(N, 5, 2)`: right eye, left eye, nose, right and left corner of the mouth; right and left are the
            person's own.
    """

    boxes: Floats
    scores: Floats
    points: Floats

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> "Faces":
        """The faces at these places."""
        return Faces(self.boxes[which], self.scores[which], self.points[which])

    def scaled(self, across: float, down: float) -> "Faces":
        """The same faces in a picture so many times as wide and as high."""
        factors = np.array([across, down], dtype=np.float32)
        return Faces(self.boxes * np.tile(factors, 2), self.scores, self.points * factors)


def decode_yunet(outputs: dict[str, Floats], height: int, width: int, smallest_score: float) -> Faces:
    """Candidates of YuNet for one picture: each cell of a grid says where the face is, in sides of the cell.

    Args:
        outputs: `cls_S`, `obj_S`, `bbox_S` and `kps_S` for each stride S, `(cells, channels)`.
        height: Of the picture given to the network, in pixels.
        width: Likewise.
        smallest_score: Candidates below it are left out.
    """
    found = []
    for stride in STRIDES:
        classes, objects = outputs[f"cls_{stride}"], outputs[f"obj_{stride}"]
        scores = np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1))[:, 0]
        here = scores >= smallest_score
        corners = _cells(height, width, stride)[here]
        offsets = outputs[f"bbox_{stride}"][here]
        centres, sizes = corners + offsets[:, :2] * stride, np.exp(offsets[:, 2:]) * stride
        points = corners[:, None] + outputs[f"kps_{stride}"][here].reshape(-1, 5, 2) * stride
        found.append(_around(centres, sizes, scores[here], points))
    return _joined(found)


def decode_retinaface(outputs: dict[str, Floats], height: int, width: int, smallest_score: float) -> Faces:
    """Candidates of RetinaFace for one picture: each anchor says how the face departs from it.

    Args:
        outputs: `loc` `(anchors, 4)`, `conf` `(anchors, 2)` and `landmarks` `(anchors, 10)`.
        height: Of the picture given to the network, in pixels.
        width: Likewise.
        smallest_score: Candidates below it are left out.
    """
    scores = outputs["conf"][:, 1]
    here = scores >= smallest_score
    anchors = _anchors(height, width)[here]
    middles, sides = anchors[:, :2], anchors[:, 2:]
    offsets = outputs["loc"][here]
    centres = middles + offsets[:, :2] * CENTRE_VARIANCE * sides
    sizes = sides * np.exp(offsets[:, 2:] * SIZE_VARIANCE)
    points = outputs["landmarks"][here].reshape(-1, 5, 2) * CENTRE_VARIANCE * sides[:, None] + middles[:, None]
    return _around(centres, sizes, scores[here], points)


def suppress(faces: Faces, overlap: float) -> Faces:
    """Leaves out every face that overlaps a surer one by more than `overlap` (IoU); sorts by score."""
    rest = np.argsort(-faces.scores, kind="stable")
    kept = []
    while rest.size:
        best, rest = rest[0], rest[1:]
        kept.append(best)
        rest = rest[iou(faces.boxes[best], faces.boxes[rest]) <= overlap]
    return faces.take(np.array(kept, dtype=np.intp))


def iou(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union of boxes `(..., 4)` that broadcast: x, y, width, height."""
    start = np.maximum(boxes[..., :2], others[..., :2])
    end = np.minimum(boxes[..., :2] + boxes[..., 2:], others[..., :2] + others[..., 2:])
    shared = np.prod(np.maximum(end - start, 0), axis=-1)
    union = np.prod(boxes[..., 2:], axis=-1) + np.prod(others[..., 2:], axis=-1) - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny), dtype=np.float32)


def _around(centres: Floats, sizes: Floats, scores: Floats, points: Floats) -> Faces:
    return Faces(np.hstack([centres - sizes / 2, sizes]), scores, points)


def _joined(faces: Iterable[Faces]) -> Faces:
    boxes, scores, points = zip(*faces, strict=True)
    return Faces(np.concatenate(boxes), np.concatenate(scores), np.concatenate(points))


@lru_cache(maxsize=32)
def _cells(height: int, width: int, stride: int) -> Floats:
    """Upper left corner of each cell, `(cells, 2)`, row by row."""
    down, right = np.mgrid[: height // stride, : width // stride]
    return (np.stack([right, down], axis=-1).reshape(-1, 2) * stride).astype(np.float32)


@lru_cache(maxsize=8)
def _anchors(height: int, width: int) -> Floats:
    """RetinaFace's anchors, `(anchors, 4)`: centre, and the side twice."""
    grids = []
    for stride, sides in zip(STRIDES, ANCHOR_SIDES, strict=True):
        centres = np.repeat(_cells(height, width, stride) + stride / 2, len(sides), axis=0)
        sizes = np.tile(np.array(sides, np.float32), len(centres) // len(sides))[:, None]
        grids.append(np.hstack([centres, sizes, sizes]))
    return np.concatenate(grids).astype(np.float32)
