"""What cameras and networks do to a face: each with a strength, for training and for tests of robustness.

H.264 itself is not among them, as OpenCV's wheels hold no encoder of it; a key frame of VP8 stands in for it.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.views import jpeg, shrunk

Image = NDArray[np.uint8]
"""RGB `(H, W, 3)`."""

Degradation = Callable[[Image, float, np.random.Generator], Image]
"""`(image, strength, rng)`: strength in [0, 1]; at 0 nothing changes but what a codec rounds."""

TOGETHER = 2  # degradations of one training view, at most
NOISE = 30.0  # largest standard deviation, levels


def degrade(image: Image, rng: np.random.Generator) -> Image:
    """One or two degradations by chance, each of a random strength, for a training view."""
    for name in rng.permutation(list(TRAINING))[: rng.integers(1, TOGETHER + 1)].tolist():
        image = TRAINING[name](image, float(rng.random()), rng)
    return image


def _jpeg(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Quality 95 to 10."""
    return jpeg(image, round(95 - 85 * strength))


def _video(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A key frame of VP8, as WebP holds it, quality 95 to 5: predicts, transforms and deblocks as H.264 does."""
    options = [cv2.IMWRITE_WEBP_QUALITY, round(95 - 90 * strength)]
    code = cv2.imencode(".webp", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)


def _resize(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Shrunk to as little as 15 % of its sides and enlarged again."""
    return shrunk(image, 1 - 0.85 * strength)


def _blur(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gaussian, of a standard deviation up to 1/64 of the width."""
    sigma = image.shape[1] / 64 * strength
    return _whole(cv2.GaussianBlur(image, (0, 0), sigma)) if sigma > 0 else image


def _noise(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gaussian, up to 30 levels."""
    return _levels(image + np.float32(NOISE * strength) * rng.standard_normal(image.shape, np.float32))


def _low_light(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Down to 15 % of the light, with the noise that a sensor then shows."""
    dark = image * np.float32(1 - 0.85 * strength)
    return _levels(dark + np.float32(NOISE / 4 * strength) * rng.standard_normal(image.shape, np.float32))


def _gamma(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Exponents up to 3, or down to a third."""
    exponent = 3.0 ** (strength * rng.choice([-1, 1]))
    return _whole(cv2.LUT(image, _levels(255 * (np.arange(256) / 255) ** exponent)))


def _colour_cast(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gains of the channels up to 40 % apart from 1."""
    return _whole(cv2.transform(image, np.diag(1 + 0.4 * strength * rng.uniform(-1, 1, 3))))


def _occlusion(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """An ellipse of one colour over up to half of the width and height."""
    if strength == 0:
        return image
    size = np.array(image.shape[1::-1])
    centre, half = rng.uniform(0, 1, 2) * size, rng.uniform(0.5, 1, 2) * strength * size / 4
    colour = rng.integers(0, 256, 3).tolist()
    box = tuple(centre.tolist()), tuple((2 * half).tolist()), float(rng.uniform(0, 180))
    return _whole(cv2.ellipse(image.copy(), box, colour, -1))


def _jitter(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A detector's error: shifts up to 15 % of the sides, sizes up to 20 % off; mirrored at the edges."""
    height, width = image.shape[:2]
    scale = 1 + 0.2 * strength * rng.uniform(-1, 1)
    middle = np.array([width, height]) / 2
    shift = 0.15 * strength * rng.uniform(-1, 1, 2) * [width, height]
    matrix = np.column_stack([scale * np.eye(2), (1 - scale) * middle + shift])
    return _whole(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101))


DEGRADATIONS: dict[str, Degradation] = {
    "jpeg": _jpeg,
    "video": _video,
    "resize": _resize,
    "blur": _blur,
    "noise": _noise,
    "low_light": _low_light,
    "gamma": _gamma,
    "colour_cast": _colour_cast,
    "occlusion": _occlusion,
    "jitter": _jitter,
}

TRAINING = {name: one for name, one in DEGRADATIONS.items() if name != "jitter"}
"""Views have their own jitter, which the locator's target knows of."""


def _whole(pixels: Any) -> Image:
    return np.asarray(pixels, np.uint8)


def _levels(pixels: NDArray[np.floating]) -> Image:
    levels: Image = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return levels
