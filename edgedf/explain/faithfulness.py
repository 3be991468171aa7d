"""Whether a map shows what moves the model: deletion and insertion, and what a change that means nothing does to it."""

from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.explain.maps import Ask, Crop, Map, Method, correlation
from edgedf.faces.crop import SIZE
from edgedf.faces.hidden import hidden
from edgedf.metrics import sigmoid

STEPS = 15  # from the whole crop to none of it: 32 pictures with both ends, one batch
QUALITY = 90  # of the JPEG


class Faithfulness(NamedTuple):
    """Areas under two curves of P(fake) (Petsiuk et al., BMVC 2018), each in [0, 1].

    Attributes:
        deletion: While the pixels are hidden, those with the most evidence first: lower is better.
        insertion: While they are shown again in the same order: higher is better.
    """

    deletion: float
    insertion: float


class Stability(NamedTuple):
    """Correlation with the map of a crop that shows the same, in [-1, 1].

    Attributes:
        shift: Moved by a pixel to the right and down.
        jpeg: Compressed with quality 90.
    """

    shift: float
    jpeg: float


def faithfulness(ask: Ask, crop: Crop, evidence: Map, temperature: float = 1.0) -> Faithfulness:
    """Deletion and insertion of a map of the evidence for fake.

    Args:
        ask: The model.
        crop: The face.
        evidence: The map to be tested.
        temperature: P(fake) = sigmoid(logit / temperature).
    """
    rank, blurred = _rank(evidence)[..., None], hidden(crop)
    taken = [rank < step / STEPS for step in range(STEPS + 1)]
    deleted = [np.where(mask, blurred, crop) for mask in taken]
    inserted = [np.where(mask, crop, blurred) for mask in taken]
    scores = sigmoid(ask(np.stack(deleted + inserted)).logit.astype(np.float64) / temperature)
    return Faithfulness(*(float(np.trapezoid(curve, dx=1 / STEPS)) for curve in np.split(scores, 2)))


def stability(method: Method, crop: Crop, evidence: Map) -> Stability:
    """What two changes that no eye sees do to a map.

    Args:
        method: Made the map.
        crop: The face.
        evidence: Its map, of the evidence for fake.
    """
    moved = method(shifted(crop), 1.0)
    return Stability(
        correlation(evidence[:-1, :-1], moved[1:, 1:]), correlation(evidence, method(compressed(crop), 1.0))
    )


def shifted(crop: Crop) -> Crop:
    """A crop moved by a pixel to the right and down; the border is repeated."""
    return np.pad(crop[:-1, :-1], ((1, 0), (1, 0), (0, 0)), mode="edge")


def compressed(crop: Crop) -> Crop:
    """A crop after JPEG."""
    stream = BytesIO()
    Image.fromarray(crop).save(stream, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(stream).convert("RGB"), np.uint8)


def _rank(evidence: Map) -> NDArray[np.float64]:
    """`(256, 256)` from 0 for the most evidence to 1; equal pixels in an order of chance, always the same one."""
    dice = np.random.default_rng(0).permutation(evidence.size)
    order = np.lexsort((dice, -evidence.ravel()))
    rank = np.empty(evidence.size)
    rank[order] = np.arange(evidence.size) / evidence.size
    return rank.reshape(SIZE, SIZE)
