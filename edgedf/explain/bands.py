"""Which frequencies of a crop a verdict rests on: each band is taken out of it, and the logit asked again."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgedf.explain.maps import Ask, Crop
from edgedf.faces.crop import SIZE

# Cycles a crop. Below 4 lie the light and the shape of the head: without them it is no picture of a face, and any logit
# changes. 128 is the finest there is along an axis, 181 diagonally.
EDGES = (4, 8, 16, 24, 40, 64, 96, 182)


def band_name(low: int, high: int) -> str:
    """For instance `24-40 cycles`."""
    return f"{low}-{min(high, SIZE // 2)} cycles"


def bands(ask: Ask, crop: Crop, sign: float) -> dict[str, float]:
    """What the logit loses without each band, by the band's name; below 0 where the band speaks for the other verdict.

    Args:
        ask: The model.
        crop: The face.
        sign: 1 for the evidence for fake, -1 for that for real.
    """
    names = [band_name(*edges) for edges in pairwise(EDGES)]
    logit = ask(np.concatenate([crop[None], without_bands(crop)])).logit
    return dict(zip(names, (sign * (logit[0] - logit[1:])).tolist(), strict=True))


def without_bands(crop: Crop) -> NDArray[np.uint8]:
    """`(7, 256, 256, 3)`: the crop without each band of its cosine transform, which knows no seam at the borders."""
    basis = _basis()
    spectrum = np.einsum("uy,vx,yxc->cuv", basis, basis, crop.astype(np.float64), optimize=True)
    half_cycles = np.arange(SIZE)  # the k-th cosine makes k half turns across the crop
    cycles = np.hypot(half_cycles[:, None], half_cycles) / 2
    kept = np.stack([(cycles < low) | (cycles >= high) for low, high in pairwise(EDGES)])
    pictures = np.einsum("uy,vx,bcuv->byxc", basis, basis, kept[:, None] * spectrum, optimize=True)
    return np.asarray(np.clip(np.rint(pictures), 0, 255), np.uint8)


def _basis() -> NDArray[np.float64]:
    """Orthonormal DCT-II `(frequency, position)`."""
    n = np.arange(SIZE)
    basis = np.cos(np.pi * (n + 0.5) * n[:, None] / SIZE) * np.sqrt(2 / SIZE)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float64)
