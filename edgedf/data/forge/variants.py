"""The kinds of forgeries, and the blending that all of them end in.

Self-blending is Shiohara and Yamasaki's ("Detecting Deepfakes with Self-Blended Images", CVPR 2022) and swaps between
people with near points are Face X-ray's (Li et al., CVPR 2020), both built anew from their descriptions, for crops
that end at the face.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.forge.donors import onto
from edgedf.data.forge.masks import PARTS, Mask, Points, region, soften
from edgedf.data.forge.traces import Crop, generated, matched, moved, respectrumed, retaken
from edgedf.faces.crop import SIZE

TARGET_SHARE = 0.5  # of the forgeries in which the surroundings are retaken, and not what is put in
RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)  # of the source in the blend, one by chance
ACROSS, DOWN, SCALE = 0.03, 0.015, 0.05  # shift of a source in sides, and its change of size, either way
MATCHED_SHARE = 0.75  # of the swaps whose colours are matched
EVERYWHERE = 0.5  # share of a generator's traces that cover the whole picture


class Face(NamedTuple):
    """A crop and its points, `(256, 256, 3)` and `(468, 2)`."""

    crop: Crop
    points: Points


class Forgery(NamedTuple):
    """A real face as it is shown, its forgery, and the mask.

    Where the mask is 0, real and fake are equal bit for bit.
    """

    real: Crop
    fake: Crop
    mask: Mask


Source = tuple[Crop, Mask]
Donor = Callable[[], Face]


def forge(face: Face, donor: Donor, variant: str, rng: np.random.Generator) -> Forgery:
    """Forges a face.

    Args:
        face: The real one.
        donor: Gives the face of somebody else, should the variant need one.
        variant: A name of `VARIANTS`.
        rng: Source of all choices.
    """
    target, changed = as_target(face.crop, rng)
    kind = VARIANTS[variant]
    source, mask = kind.make(Face(target, face.points), donor, rng)
    if kind.seam and not changed:
        source = retaken(source, rng)
    shares = np.asarray(np.rint(mask * np.float32(rng.choice(RATIOS))), np.uint8)
    return Forgery(target, blend(source, target, shares), shares)


def as_target(crop: Crop, rng: np.random.Generator) -> tuple[Crop, bool]:
    """What `forge` shows of a crop around the forgery, and whether it was changed: the first choice of a generator."""
    changed = bool(rng.random() < TARGET_SHARE)
    return (retaken(crop, rng) if changed else crop), changed


def blend(source: Crop, target: Crop, mask: Mask) -> Crop:
    """The source where the mask is 255, the target bit for bit where it is 0, and mixtures between."""
    share = mask.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.blendLinear(source, target, share, 1 - share), np.uint8)


def _self_blend(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
    """The face itself, slightly moved: nothing is wrong with it but the seam."""
    matrix = _slight_move(rng)
    points = face.points @ matrix[:, :2].T + matrix[:, 2]
    return moved(face.crop, matrix), soften(region(points, _regions(rng)), rng)


def _swap(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
    return _put_in(face, donor(), ("hull",) if rng.random() < 0.5 else ("inner",), rng)


def _part(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
    return _put_in(face, donor(), (str(rng.choice(list(PARTS))),), rng)


def _resample(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
    return generated(face.crop, rng), _face_or_all(face.points, rng)


def _frequency(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
    return respectrumed(face.crop, rng), _face_or_all(face.points, rng)


class Variant(NamedTuple):
    """A kind of forgery.

    Attributes:
        make: From a face, the donor and a generator to what is put in, and the mask.
        share: How often it is drawn where no variant is asked for.
        seam: Whether its surroundings must be of another camera for it to be seen.
    """

    make: Callable[[Face, Donor, np.random.Generator], Source]
    share: float
    seam: bool


VARIANTS = {
    "self_blend": Variant(_self_blend, 0.4, True),
    "swap": Variant(_swap, 0.2, True),
    "part": Variant(_part, 0.2, True),
    "resample": Variant(_resample, 0.1, False),
    "frequency": Variant(_frequency, 0.1, False),
}


def _put_in(face: Face, other: Face, names: tuple[str, ...], rng: np.random.Generator) -> Source:
    """Somebody else's face, moved onto this one, and mostly in its colours."""
    source = moved(other.crop, onto(other.points, face.points))
    hard = region(face.points, names)
    if rng.random() < MATCHED_SHARE:
        source = matched(source, face.crop, hard)
    return source, soften(hard, rng)


def _regions(rng: np.random.Generator) -> tuple[str, ...]:
    """Hull, inner face, or some parts: of tight crops the hull's seam lies partly outside."""
    kind = rng.random()
    if kind < 0.6:
        return ("hull",) if kind < 0.3 else ("inner",)
    return tuple(rng.permutation(list(PARTS))[: rng.integers(1, 4)].tolist())


def _face_or_all(points: Points, rng: np.random.Generator) -> Mask:
    if rng.random() < EVERYWHERE:
        return np.full((SIZE, SIZE), 255, np.uint8)
    return soften(region(points, ("hull",)), rng)


def _slight_move(rng: np.random.Generator) -> NDArray[np.float64]:
    """An affine map `(2, 3)` around the middle."""
    scale = 1 + SCALE * rng.uniform(-1, 1)
    shift = SIZE * np.array([ACROSS, DOWN]) * rng.uniform(-1, 1, 2)
    middle = SIZE / 2
    return np.column_stack([scale * np.eye(2), (1 - scale) * middle + shift])
