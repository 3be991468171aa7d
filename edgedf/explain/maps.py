"""Maps of the evidence in a crop: the model's own attention, occlusion, and two that know nothing of the model."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.faces.crop import SIZE
from edgedf.faces.hidden import hidden

Crop = NDArray[np.uint8]
"""RGB `(256, 256, 3)`."""

Map = NDArray[np.float32]
"""`(256, 256)`, 0 and above: how much of the evidence lies at each pixel, in any unit."""

PATCH, STRIDE = 32, 16  # pixels; of what is hidden at once
CENTRE = 0.25  # standard deviation of the centre prior, sides of the crop
CELLS = 16  # a side of the random map, as many as the student's attention has


class Answer(Protocol):
    """What a model says about N crops; `edgedf.runtime.Result` is one."""

    @property
    def logit(self) -> NDArray[np.float32]:
        """`(N,)`."""

    @property
    def attention(self) -> NDArray[np.float32]:
        """`(N, h, w)` in [0, 1]."""


Ask = Callable[[NDArray[np.uint8]], Answer]
"""Has a model judge crops, uint8 `(N, 256, 256, 3)`."""

Method = Callable[[Crop, float], Map]
"""The evidence in a crop for fake (sign 1) or for real (-1)."""


def upsampled(values: NDArray[np.floating]) -> Map:
    """A map of any size at the crop's, without what is below 0."""
    image = Image.fromarray(np.maximum(values, 0).astype(np.float32))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR), np.float32)


def attention(ask: Ask, crop: Crop) -> Map:
    """The map that the model weighs its own features by; the same for both verdicts."""
    return upsampled(ask(crop[None]).attention[0])


def occlusion(ask: Ask, crop: Crop, sign: float) -> Map:
    """What the logit loses where a patch is hidden (Zeiler and Fergus, ECCV 2014), averaged over overlapping patches.

    Args:
        ask: The model; any artefact will do.
        crop: The face.
        sign: 1 for the evidence for fake, -1 for that for real.
    """
    whole, blurred = ask(crop[None]).logit[0], hidden(crop)
    starts = range(0, SIZE - PATCH + 1, STRIDE)
    cells = np.zeros((SIZE // STRIDE, SIZE // STRIDE))
    patches = np.zeros_like(cells)
    reach = PATCH // STRIDE
    for row, top in enumerate(starts):
        shown = np.repeat(crop[None], len(starts), 0)
        for one, left in zip(shown, starts, strict=True):
            area = np.s_[top : top + PATCH, left : left + PATCH]
            one[area] = blurred[area]
        for column, loss in enumerate(sign * (whole - ask(shown).logit)):
            cells[row : row + reach, column : column + reach] += loss
            patches[row : row + reach, column : column + reach] += 1
    return upsampled(cells / patches)


def centre_prior() -> Map:
    """What knows only that faces are in the middle of a crop: an explanation must beat it."""
    offsets = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    bell = np.exp(-(offsets**2) / (2 * CENTRE**2))
    return np.outer(bell, bell).astype(np.float32)


def random_map(rng: np.random.Generator) -> Map:
    """Smooth noise, as coarse as an attention map."""
    return upsampled(rng.random((CELLS, CELLS)))


def correlation(one: Map, other: Map) -> float:
    """Pearson's correlation of two maps over their pixels; 0 where one of them is flat."""
    a, b = (values.astype(np.float64).ravel() - values.mean(dtype=np.float64) for values in (one, other))
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 1e-9 else 0.0
