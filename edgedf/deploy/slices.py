"""Parts of a dataset that a detector may serve worse than others: small, blurred, and dark faces."""

import numpy as np
from numpy.typing import NDArray

from edgedf.data.audit.cues import number
from edgedf.data.dataset import Dataset
from edgedf.data.packed import PackedFaces
from edgedf.faces.crop import SIZE
from edgedf.faces.sharpness import sharpness

Slices = dict[str, NDArray[np.bool_]]
"""For each part its name and `(N,)`, which faces are in it."""

TONES = {"light": (41.0, 90.0), "medium": (10.0, 41.0), "dark": (-90.0, 10.0)}
"""Skin tones by the individual typology angle in degrees: Del Bino's six classes (Pigment Cell Res. 2006) in twos."""

CHEEKS = np.s_[SIZE // 2 : 7 * SIZE // 10 : 4, SIZE // 5 : 4 * SIZE // 5 : 4]  # of a crop: cheeks and nose
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # IEC 61966-2-1
WHITE = TO_XYZ.sum(1)


def find_slices(faces: PackedFaces, dataset: Dataset) -> Slices:
    """Thirds by size and by sharpness, and three skin tones.

    Size is that of the crop before it was resized, where the dataset has it (`native_px`). Tones are guessed from the
    pixels and follow the light as much as the skin: they say where to look, not how fair a model is.

    Args:
        faces: What is judged.
        dataset: What they were packed from, row by row.
    """
    looks = [(sharpness(crop), _angle(crop)) for crop in (faces.pixels[i] for i in range(len(faces)))]
    sharp, angle = np.array(looks).T
    tones = {f"skin: {name}": (angle > low) & (angle <= high) for name, (low, high) in TONES.items()}
    return _thirds("size in px", _native(dataset)) | _thirds("sharpness", sharp) | tones


def _native(dataset: Dataset) -> NDArray[np.float64]:
    return np.array([number(cell) for cell in dataset.columns.get("native_px", [""] * len(dataset))])


def _thirds(name: str, values: NDArray[np.float64]) -> Slices:
    known = values[np.isfinite(values)]
    if not len(known):
        return {}
    low, *edges, high = np.quantile(known, (0, 1 / 3, 2 / 3, 1))
    limits = [(low, edges[0]), (edges[0], edges[1]), (edges[1], high)]
    parts = [values <= edges[0], (values > edges[0]) & (values <= edges[1]), values > edges[1]]
    return {f"{name}: {a:.0f} to {b:.0f}": part for (a, b), part in zip(limits, parts, strict=True)}


def _angle(crop: NDArray[np.uint8]) -> float:
    """Typology angle in degrees of a crop `(256, 256, 3)`."""
    lightness, _, yellow = np.median(_lab(crop[CHEEKS].reshape(-1, 3)), axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, max(yellow, 1e-6))))


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIE L*a*b* `(N, 3)` of sRGB pixels `(N, 3)`."""
    share = pixels / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    ratio = linear @ TO_XYZ.T / WHITE
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)
