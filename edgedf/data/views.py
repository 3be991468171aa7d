"""Augmented views of a crop: (image, view number) always gives the same pixels.

A view is a pure function of its numbers, so a teacher's answers about it can be stored once and
training can be resumed at any step.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

ROTATION = 6.0  # degrees either way
CONTRAST, BRIGHTNESS, TINT = 0.2, 25.0, 6.0  # gain share, levels, levels a colour, either way
JPEG_SHARE, JPEG_QUALITY = 0.2, (40, 95)
BLUR_SHARE, BLUR_SCALE = 0.1, (0.4, 0.9)  # shrunk to this share and enlarged again

cv2.setNumThreads(1)  # views are made on several threads already


class View(NamedTuple):
    """One augmented view.

    Attributes:
        pixels: RGB uint8 `(256, 256, 3)`.
        box: Where the original crop lies in it: centre x, centre y, half side, in [-1, 1] coordinates `(3,)`.
    """

    pixels: NDArray[np.uint8]
    box: NDArray[np.float32]


def make_view(crop: NDArray[np.uint8], seed: tuple[int, ...], jitter: float) -> View:
    """Draws a view.

    Args:
        crop: RGB uint8 `(256, 256, 3)`.
        seed: Non-negative numbers that name the view: image, view number.
        jitter: The face is shifted by up to this share of half the side, and scaled to between `1 - 2 jitter` and
            `1 + jitter`; what comes in from outside is mirrored.
    """
    rng = np.random.default_rng(seed)
    moved, box = _moved(crop, rng, jitter)
    pixels = np.asarray(cv2.LUT(moved, _light(rng)), np.uint8)
    if rng.random() < BLUR_SHARE:
        pixels = _shrunk(pixels, rng.uniform(*BLUR_SCALE))
    if rng.random() < JPEG_SHARE:
        pixels = _jpeg(pixels, int(rng.integers(*JPEG_QUALITY, endpoint=True)))
    return View(np.ascontiguousarray(pixels), box)


def _moved(crop: NDArray[np.uint8], rng: np.random.Generator, jitter: float) -> View:
    """Shift, scale, rotation and mirror in one re-sampling."""
    half = crop.shape[0] / 2
    shift = rng.uniform(-jitter, jitter, 2)
    scale = rng.uniform(1 - 2 * jitter, 1 + jitter)
    angle = np.deg2rad(rng.uniform(-ROTATION, ROTATION))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    middle = half - 0.5  # pixel centres
    offset = middle + shift * half - turn @ np.array([middle, middle])
    matrix = np.column_stack([turn, offset])
    pixels = cv2.warpAffine(crop, matrix, crop.shape[:2], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return View(pixels.astype(np.uint8, copy=False), np.array([*shift, scale], dtype=np.float32))


def _light(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A `(1, 256, 3)` table of contrast, brightness and tint."""
    gain = rng.uniform(1 - CONTRAST, 1 + CONTRAST)
    offset = rng.uniform(-BRIGHTNESS, BRIGHTNESS) + rng.uniform(-TINT, TINT, 3)
    levels = (np.arange(256.0)[:, None] - 128) * gain + 128 + offset
    return levels.clip(0, 255).astype(np.uint8)[None]


def _shrunk(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
