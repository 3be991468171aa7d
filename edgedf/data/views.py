"""Augmented views of a crop: (image, view number) always gives the same pixels.

A view is a pure function of its numbers, so a teacher's answers about it can be stored once and
training can be resumed at any step.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

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
    pixels, box = _moved(crop, rng, jitter)
    pixels = np.asarray(cv2.transform(pixels, _light(rng)), np.uint8)
    if rng.random() < BLUR_SHARE:
        pixels = _shrunk(pixels, rng.uniform(*BLUR_SCALE))
    if rng.random() < JPEG_SHARE:
        pixels = _jpeg(pixels, int(rng.integers(*JPEG_QUALITY, endpoint=True)))
    return View(pixels, box)


def _moved(crop: NDArray[np.uint8], rng: np.random.Generator, jitter: float) -> View:
    """Shift, scale and mirror: a square window of the crop and its mirrored surroundings, scaled to the crop's size.

    Windows of whole pixels and no rotation: a warp that can do both takes four times as long, and views are made on
    the cores that train.
    """
    size = len(crop)
    shift = rng.uniform(-jitter, jitter, 2)
    side = round(size / rng.uniform(1 - 2 * jitter, 1 + jitter))
    scale = size / side
    # The crop's centre is seen `shift` half sides from the view's, which is a step of `shift / scale` in the crop.
    left, top = (round((size - side - step * side) / 2) for step in shift)
    pad = max(-left, -top, left + side - size, top + side - size, 0)
    padded = cv2.copyMakeBorder(crop, pad, pad, pad, pad, cv2.BORDER_REFLECT_101) if pad else crop
    window = padded[top + pad : top + pad + side, left + pad : left + pad + side]
    pixels = cv2.resize(window, (size, size), interpolation=cv2.INTER_LINEAR)
    x, y = ((size - side - 2 * start) / side for start in (left, top))
    if rng.random() < 0.5:
        pixels, x = cv2.flip(pixels, 1), -x
    return View(np.asarray(pixels, np.uint8), np.array([x, y, scale], dtype=np.float32))


def _light(rng: np.random.Generator) -> NDArray[np.float64]:
    """Contrast, brightness and tint as one `(3, 4)` matrix on (red, green, blue, 1)."""
    gain = rng.uniform(1 - CONTRAST, 1 + CONTRAST)
    offset = rng.uniform(-BRIGHTNESS, BRIGHTNESS) + rng.uniform(-TINT, TINT, 3)
    return np.column_stack([np.eye(3) * gain, 128 * (1 - gain) + offset])


def _shrunk(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
