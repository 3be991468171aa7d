"""The parts of a face in a crop: by its 468 points, or where those are not found by the rule that cut it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from edgedf.explain.maps import Crop, Map
from edgedf.faces.crop import SIZE, CropRule
from edgedf.faces.landmarks import Landmarks
from edgedf.faces.mesh import BROWS, EYES, MOUTH, NOSE, OVAL

SURE = 0.5  # score of a face whose points are believed
GROWTH, ROUNDS = 9, 3  # pixels around a part, whose points lie on its very edge; in steps, which is quicker
ROWS = {"forehead": 0.25, "eyes": 0.45, "nose": 0.65, "mouth": 0.85, "chin": 1.0}  # ends in heights of the box
OUTSIDE = "outside of the face"

Regions = Mapping[str, NDArray[np.bool_]]
"""Masks `(256, 256)` by name; each pixel is in one of them."""


class Share(NamedTuple):
    """How much of a map and of the crop a region holds, each in [0, 1]."""

    evidence: float
    area: float


def find_regions(crop: Crop, rule: CropRule, landmarks: Landmarks) -> tuple[Regions, bool]:
    """The regions of a crop, and whether its points told them."""
    points, scores = landmarks.find(crop[None])
    sure = bool(scores[0] > SURE)
    return (regions_of_points(points[0]) if sure else regions_of_box(rule)), sure


def regions_of_points(points: NDArray[np.floating]) -> Regions:
    """Regions by 468 points `(468, 2)`, x and y in pixels of the crop."""
    eyes = np.logical_or(*(_part(points, brow + eye) for brow, eye in zip(BROWS, EYES, strict=True)))
    parts = {"mouth": _part(points, MOUTH), "nose": _part(points, NOSE), "eyes": eyes}
    rows = np.arange(SIZE)[:, None]
    above = rows < points[list(BROWS[0] + BROWS[1]), 1].mean()
    below = rows > points[list(MOUTH), 1].mean()
    face = _polygon(points, OVAL)
    rest = {"forehead": face & above, "chin": face & below, "cheeks": face}
    return _disjoint(parts | rest)


def regions_of_box(rule: CropRule) -> Regions:
    """Regions by the face's box, of which the rule says where in a crop it lies."""
    side = 1 / rule.margin
    y, x = ((np.arange(SIZE) + 0.5) / SIZE - 0.5 + offset for offset in (rule.shift, 0))
    height, inside = (y / side + 0.5)[:, None], np.abs(x / side) < 0.5
    return _disjoint({name: (height >= 0) & (height < end) & inside for name, end in ROWS.items()})


def shares(evidence: Map, regions: Regions) -> dict[str, Share]:
    """How much of a map lies in each region; by area where the map is empty."""
    total = float(evidence.sum())
    weights = evidence / total if total > 0 else np.full_like(evidence, 1 / evidence.size)
    return {name: Share(float(weights[mask].sum()), float(mask.mean())) for name, mask in regions.items()}


def _disjoint(masks: Regions) -> Regions:
    """Gives each pixel to the first mask that holds it, or to what lies outside."""
    free = np.ones((SIZE, SIZE), bool)
    found = {}
    for name, mask in masks.items():
        found[name] = free & mask
        free &= ~mask
    return found | {OUTSIDE: free}


def _part(points: NDArray[np.floating], numbers: tuple[int, ...]) -> NDArray[np.bool_]:
    """A part around whose middle its points lie, with a rim."""
    own = points[list(numbers)] - points[list(numbers)].mean(0)
    around = np.argsort(np.arctan2(own[:, 1], own[:, 0]))
    mask = Image.fromarray(_polygon(points, tuple(np.array(numbers)[around]))).convert("L")
    for _ in range(ROUNDS):
        mask = mask.filter(ImageFilter.MaxFilter(2 * GROWTH // ROUNDS + 1))
    return np.asarray(mask) > 0


def _polygon(points: NDArray[np.floating], numbers: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in points[list(numbers)]], fill=255)
    return np.asarray(mask) > 0
