"""Hides parts of a face in training, as explanations do.

A network that never saw a hidden part takes the blur itself for a trace of forgery: then hiding does not tell what it
looks at. It also has to find forgery in more than one part of a face (part dropout, as in the DeepFake Detection
Challenge's first place).
"""

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import SIZE
from edgedf.faces.hidden import hidden

AREAS = 3  # of a view, at most
SIDE = (0.15, 0.6)  # of an area, sides of the crop: together up to most of the face


def hidden_areas(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Where a view is hidden, `(256, 256)`: rectangles by chance."""
    areas = np.zeros((SIZE, SIZE), np.bool_)
    for _ in range(rng.integers(1, AREAS + 1)):
        height, width = np.rint(rng.uniform(*SIDE, 2) * SIZE).astype(int).tolist()
        top, left = rng.integers(0, (SIZE - height + 1, SIZE - width + 1)).tolist()
        areas[top : top + height, left : left + width] = True
    return areas


def hide(crop: NDArray[np.uint8], areas: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A crop `(256, 256, 3)` without what lies in some areas `(256, 256)`."""
    return np.where(areas[..., None], hidden(crop), crop)
