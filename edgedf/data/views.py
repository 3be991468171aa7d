"""Augmented views of a crop: (image, view number) always gives the same pixels.

A view is a pure function of its numbers, so a teacher's answers about it can be stored once and
training can be resumed at any step.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SCALED_SHARE = 0.5  # the others keep the sampling that the camera's crops have
CONTRAST, BRIGHTNESS, TINT = 0.2, 25.0, 6.0  # gain share, levels, levels a colour, either way
JPEG_SHARE, JPEG_QUALITY = 0.1, (40, 95)
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


class Dice(NamedTuple):
    """What is drawn for a view, each uniform in [0, 1)."""

    right: float
    down: float
    scaled: float
    scale: float
    mirror: float
    contrast: float
    brightness: float
    red: float
    green: float
    blue: float
    blurred: float
    blur: float
    compressed: float
    quality: float
    mixed: float


def throw_dice(images: NDArray[np.int64], view: int) -> list[Dice]:
    """The dice of one view of each image `(N,)`: the same for the same numbers.

    Hashes of the numbers (SplitMix64: Steele, Lea and Flood, OOPSLA 2014), all at once: a generator for each view
    takes .035 ms, a tenth of the view, and Python's lock while it does.
    """
    steps = np.arange(1, len(Dice._fields) + 1, dtype=np.uint64)
    streams = _mixed(images.astype(np.uint64) + _mixed(np.array([view], np.uint64)))
    bits = _mixed(streams[:, None] + steps * np.uint64(0x9E3779B97F4A7C15))
    return [Dice(*row) for row in ((bits >> np.uint64(11)) / 2.0**53).tolist()]


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def make_view(crop: NDArray[np.uint8], dice: Dice, jitter: float) -> View:
    """Makes a view.

    Args:
        crop: RGB uint8 `(256, 256, 3)`.
        dice: What was drawn for it.
        jitter: The face is shifted by up to this share of half the side, and half of the faces are scaled to between
            `1 - 2 jitter` and `1 + jitter`; what comes in from outside is mirrored.
    """
    pixels, box = _moved(crop, dice, jitter)
    pixels = np.asarray(cv2.transform(pixels, _light(dice)), np.uint8)
    if dice.blurred < BLUR_SHARE:
        pixels = _shrunk(pixels, _between(*BLUR_SCALE, dice.blur))
    if dice.compressed < JPEG_SHARE:
        pixels = _jpeg(pixels, round(_between(*JPEG_QUALITY, dice.quality)))
    return View(pixels, box)


def mix_with_original(
    fake: NDArray[np.uint8], original: NDArray[np.uint8], dice: Dice
) -> tuple[NDArray[np.uint8], float]:
    """A fake crop faded towards the real one it was made from, and its share of the mixture.

    The share is of Beta(1/2, 1/2), as NTech-Lab had it in the DeepFake Detection Challenge: mostly near 0 or 1. A
    network then has to say how much forgery there is, which learning a face by heart does not tell it.
    """
    share = math.sin(math.pi / 2 * dice.mixed) ** 2  # the inverse of Beta(1/2, 1/2)'s distribution function
    return np.asarray(cv2.addWeighted(fake, share, original, 1 - share, 0), np.uint8), share


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _moved(crop: NDArray[np.uint8], dice: Dice, jitter: float) -> View:
    """Shift, scale and mirror: a square window of the crop and its mirrored surroundings, scaled to the crop's size.

    Windows of whole pixels and no rotation: a warp that can do both takes four times as long, and views are made on
    the cores that train.
    """
    size = len(crop)
    wanted = _between(1 - 2 * jitter, 1 + jitter, dice.scale) if dice.scaled < SCALED_SHARE else 1.0
    side = round(size / wanted)
    # The crop's centre is seen `shift` half sides from the view's, which is a step of `shift / scale` in the crop.
    shifts = (_between(-jitter, jitter, share) for share in (dice.right, dice.down))
    left, top = (round((size - side - shift * side) / 2) for shift in shifts)
    pad = max(-left, -top, left + side - size, top + side - size, 0)
    padded = cv2.copyMakeBorder(crop, pad, pad, pad, pad, cv2.BORDER_REFLECT_101) if pad else crop
    pixels = padded[top + pad : top + pad + side, left + pad : left + pad + side]
    if side != size:
        pixels = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_LINEAR)
    x, y = ((size - side - 2 * start) / side for start in (left, top))
    if dice.mirror < 0.5:
        pixels, x = cv2.flip(pixels, 1), -x
    return View(np.asarray(pixels, np.uint8), np.array([x, y, size / side], dtype=np.float32))


def _light(dice: Dice) -> NDArray[np.float64]:
    """Contrast, brightness and tint as one `(3, 4)` matrix on (red, green, blue, 1)."""
    gain = _between(1 - CONTRAST, 1 + CONTRAST, dice.contrast)
    level = 128 * (1 - gain) + _between(-BRIGHTNESS, BRIGHTNESS, dice.brightness)
    red, green, blue = (level + _between(-TINT, TINT, share) for share in (dice.red, dice.green, dice.blue))
    return np.array([[gain, 0, 0, red], [0, gain, 0, green], [0, 0, gain, blue]])


def _shrunk(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
