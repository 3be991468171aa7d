"""How much a face in a frame can tell: a weight, and a reason to abstain where it is nothing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.colour import luma
from edgedf.faces.decoding import Floats
from edgedf.faces.sharpness import sharpness

# Each pair: where a face tells nothing, and from where on it tells all it can. In between it counts by half and more.
SIZES = (48.0, 96.0)  # pixels of the square before it is resized; preparation leaves smaller ones out
SHARPNESS = (4.0, 8.0)  # likewise: no model saw less in training
BRIGHTNESS = (40.0, 80.0)  # of 255, of the brightest twentieth: eyes and lit skin, whatever colour the skin has
TURNS = (0.95, 0.5)  # 0 from the front, 1 where the nose is in line with an eye


class Quality(NamedTuple):
    """What a face in a frame can tell: as much as its weakest side lets it.

    Attributes:
        weight: 0, or .5 to 1.
        reason: Why it tells nothing; empty where it tells something.
    """

    weight: float
    reason: str = ""


def of_box(side: float, points: Floats) -> Quality:
    """Quality by size and pose.

    Args:
        side: Of the square that is cut, in pixels of the frame.
        points: `(5, 2)`, of the detector.
    """
    return _weakest(("too small", _ramp(side, *SIZES)), ("profile", _ramp(turn(points), *TURNS)))


def of_crop(crop: NDArray[np.uint8]) -> Quality:
    """Quality of a crop `(S, S, 3)` by light and blur."""
    bright = float(np.quantile(luma(crop[::8, ::8]), 0.95))
    return _weakest(("too dark", _ramp(bright, *BRIGHTNESS)), ("too blurred", _ramp(sharpness(crop), *SHARPNESS)))


def turn(points: Floats) -> float:
    """How far a head is turned, by where its nose lies along the line through its eyes: 0 front, 1 at an eye."""
    eye, other, nose = points[:3].astype(np.float64)
    line = other - eye
    length = float(line @ line)
    return abs(2 * float((nose - eye) @ line) / length - 1) if length > 0 else np.inf


def _ramp(value: float, nothing: float, all_of_it: float) -> float:
    share = (value - nothing) / (all_of_it - nothing)
    return 0.0 if share < 0 else min(0.5 + share / 2, 1.0)


def _weakest(*weights: tuple[str, float]) -> Quality:
    name, weight = min(weights, key=lambda one: one[1])
    return Quality(weight, "" if weight else name)
