"""What sets a forged region apart: another colour, another sharpness, and what generators leave."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.colour import LUMA
from edgedf.faces.crop import SIZE

Crop = NDArray[np.uint8]
"""RGB `(256, 256, 3)`."""

RGB_SHIFT, SHIFT_SHARE = 20.0, 0.3  # levels a channel, and how often
GAIN, LEVEL, SATURATION = 0.1, 25.0, 0.3  # share, levels and share, either way
CONTRAST = 1.5  # the most that a match changes it
SHRUNK, SHARPENED, QUALITY = (1.5, 4.0), (0.2, 0.5), (40, 90)
ENLARGING = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)
UNEVEN = (0.04, 0.16)  # by how much the weights of a transposed convolution miss an even sum
STEEPER = (-0.7, 1.0)  # change of the highest frequencies
PERIODS, PEAK = (2, 4, 8), (1.0, 4.0)  # pixels, levels


def retaken(crop: Crop, rng: np.random.Generator) -> Crop:
    """The same face in other colours, and blurred, sharpened or compressed as by another camera."""
    light = np.zeros((3, 4))
    saturation = 1 + SATURATION * rng.uniform(-1, 1)
    light[:, :3] = (1 + GAIN * rng.uniform(-1, 1)) * (saturation * np.eye(3) + (1 - saturation) * np.array(LUMA))
    light[:, 3] = LEVEL * rng.uniform(-1, 1)
    if rng.random() < SHIFT_SHARE:
        light[:, 3] += RGB_SHIFT * rng.uniform(-1, 1, 3)
    lit = cv2.transform(crop, light)
    change = (_shrunk, _sharpened, _compressed)[rng.integers(3)]
    return np.asarray(change(lit, rng), np.uint8)


def moved(crop: Crop, matrix: NDArray[np.floating]) -> Crop:
    """A crop under an affine map `(2, 3)` of its pixels' places, mirrored at its edges."""
    return np.asarray(
        cv2.warpAffine(crop, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.uint8
    )


def matched(source: Crop, target: Crop, mask: NDArray[np.uint8]) -> Crop:
    """The source with the mean and the deviation that the target's colours have inside a mask, as forgers do it."""
    (mean, deviation), (wanted, spread) = (cv2.meanStdDev(crop, mask=mask) for crop in (source, target))
    gain = np.clip(spread / np.maximum(deviation, 1), 1 / CONTRAST, CONTRAST)
    return np.asarray(cv2.transform(source, np.hstack([np.diag(gain[:, 0]), wanted - gain * mean])), np.uint8)


def generated(crop: Crop, rng: np.random.Generator) -> Crop:
    """The grid of a generator's last layer: halved, then enlarged by a transposed convolution of uneven overlap."""
    sparse = np.zeros_like(crop)
    half = (SIZE // 2, SIZE // 2)
    sparse[::2, ::2] = cv2.resize(crop, half, interpolation=cv2.INTER_AREA)
    sides = 0.5 + rng.choice([-1, 1], 2) * rng.uniform(*UNEVEN, 2) / 2  # .5 would add up evenly
    across, down = (np.array([side, 1, side]) for side in sides)
    return np.asarray(cv2.sepFilter2D(sparse, -1, across, down), np.uint8)


def respectrumed(crop: Crop, rng: np.random.Generator) -> Crop:
    """Another fall of the spectrum, and peaks in it, as upsampling layers make them."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    spectrum = cv2.dft(grey, flags=cv2.DFT_COMPLEX_OUTPUT)
    slope = (rng.uniform(*STEEPER) * FREQUENCY**2).astype(np.float32)
    change = cv2.idft(spectrum * slope[..., None], flags=cv2.DFT_REAL_OUTPUT | cv2.DFT_SCALE)
    period, phase = rng.choice(PERIODS), rng.uniform(0, 2 * np.pi)
    waves = np.cos(2 * np.pi * np.arange(SIZE) / period + phase).astype(np.float32)
    change += np.float32(rng.uniform(*PEAK)) * (waves[:, None] * waves)
    forged: Crop = np.clip(np.rint(crop + change[..., None]), 0, 255).astype(np.uint8)
    return forged


_axis = 2 * np.abs(np.fft.fftfreq(SIZE))
FREQUENCY: NDArray[np.float64] = np.minimum(np.hypot(_axis[:, None], _axis), 1)
"""Of each cell of a spectrum `(256, 256)`, 1 at the highest."""


def _shrunk(pixels: Any, rng: np.random.Generator) -> Any:
    side = round(SIZE / rng.uniform(*SHRUNK))
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (SIZE, SIZE), interpolation=ENLARGING[rng.integers(len(ENLARGING))])


def _sharpened(pixels: Any, rng: np.random.Generator) -> Any:
    strength = rng.uniform(*SHARPENED)
    kernel = np.full((3, 3), -strength)
    kernel[1, 1] = 1 + 8 * strength
    return cv2.filter2D(pixels, -1, kernel)


def _compressed(pixels: Any, rng: np.random.Generator) -> Any:
    code = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*QUALITY))])[1]
    return cv2.imdecode(code, cv2.IMREAD_COLOR)
