"""Cheap small pictures: of a frame, to notice a cut, and of a face, to tell one person from another."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.faces.decoding import Floats

LONGER = 128  # points along the longer side of a frame that a thumbnail samples
POOL = 4  # of them a pixel of the thumbnail averages, each way

CUT = 0.8
"""Difference of two thumbnails, in their own contrast, from which a cut lies between: frames .1 s apart of 40 clips of
FaceForensics++ differ by .6 at most (.35 for one in a hundred), frames of different clips by 1.06 at least."""

NOISE = 4.0  # of 255: what two dark or empty frames may differ by without a cut

FACE = 8  # side of a face's small picture in pixels
SAMPLED = 32  # points along the shorter side of a face that it is made of


def thumbnail(pixels: NDArray[np.uint8]) -> Floats:
    """A grey picture of about 32 pixels' length of a frame `(H, W, 3)`, less its mean: light counts for nothing."""
    step = max(max(pixels.shape[:2]) // LONGER, 1)
    green = pixels[::step, ::step, 1]
    pool = min(POOL, *green.shape)  # of a frame as narrow as a line there is little to sample
    height, width = (side // pool for side in green.shape)
    tiles = green[: height * pool, : width * pool].reshape(height, pool, width, pool)
    small = tiles.mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(small - small.mean(), dtype=np.float32)


def change(one: Floats, other: Floats) -> float:
    """Mean difference of two thumbnails, of 255; infinite where their shapes differ."""
    return float(np.abs(one - other).mean()) if one.shape == other.shape else np.inf


def is_cut(one: Floats, other: Floats) -> bool:
    """Whether a camera was cut, turned or changed between two thumbnails of neighbouring frames."""
    contrast = float(np.abs(one).mean() + np.abs(other).mean()) / 2
    return change(one, other) > max(CUT * contrast, NOISE)


def appearances(pixels: NDArray[np.uint8], boxes: Floats) -> Floats:
    """How faces in boxes `(N, 4)` of a frame `(H, W, 3)` look, `(N, 192)`: their colours by place.

    Each is of mean 0 and length 1, or nought where it is of one colour or out of sight.
    """
    return np.array([_appearance(pixels, *box) for box in boxes.tolist()], np.float32).reshape(-1, FACE * FACE * 3)


def _appearance(pixels: NDArray[np.uint8], x: float, y: float, wide: float, high: float) -> Floats:
    height, width = pixels.shape[:2]
    left, top = max(int(x), 0), max(int(y), 0)
    right, bottom = min(int(x + wide), width), min(int(y + high), height)
    if right <= left or bottom <= top:
        return np.zeros(FACE * FACE * 3, np.float32)
    step = max(min(right - left, bottom - top) // SAMPLED, 1)
    part = np.ascontiguousarray(pixels[top:bottom:step, left:right:step])
    small = np.asarray(Image.fromarray(part).resize((FACE, FACE), Image.Resampling.BOX), dtype=np.float32).ravel()
    small = small - small.mean()
    length = np.linalg.norm(small)
    return np.asarray(small / length if length > 1 else 0 * small, dtype=np.float32)
