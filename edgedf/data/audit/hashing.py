"""A perceptual hash of 64 bits: equal but for a few bits where two pictures look the same."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32  # of the small grey picture
KEPT = 8  # low frequencies along each side

THUMBNAIL = 16  # side of the picture that two of a kind are compared by


def _cosines(side: int) -> NDArray[np.float32]:
    """Basis of the discrete cosine transform (type II) of `side` samples, `(KEPT, side)`, the constant one left out."""
    frequency, sample = np.arange(1, KEPT + 1)[:, None], np.arange(side)[None]
    return np.cos(np.pi * frequency * (2 * sample + 1) / (2 * side)).astype(np.float32)


BASIS = _cosines(SIDE)
BITS = np.uint64(1) << np.arange(KEPT * KEPT, dtype=np.uint64)


def perceptual_hash(grey: Image.Image) -> np.uint64:
    """Hash of a grey picture: which of its 64 lowest frequencies lie above their median.

    The low frequencies survive compression, resizing and a shift by a pixel; the median makes light and contrast
    cancel out. The first row and column are left out: their constant part says little.
    """
    small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    found = (BASIS @ small @ BASIS.T).ravel()
    return np.uint64(BITS[found > np.median(found)].sum())


def thumbnail(grey: Image.Image) -> NDArray[np.float32]:
    """A grey picture as `(THUMBNAIL ** 2,)` of mean 0 and length 1: the product of two is their correlation."""
    small = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)
