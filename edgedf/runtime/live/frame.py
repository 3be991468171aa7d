"""A frame of a camera."""

from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import InputError

SMALLEST = 16  # pixels of a frame's side


class Frame(NamedTuple):
    """One picture of a stream, upright.

    Attributes:
        pixels: `(H, W, 3)` uint8 RGB; never changed after it was given away.
        time: In seconds by the stream's own clock; rises from frame to frame.
        number: Of the frame in its stream, from 0, frames that were dropped counted too.
    """

    pixels: NDArray[np.uint8]
    time: float
    number: int


def check_frame(pixels: object, time: float | None) -> None:
    """Makes sure that what an app hands over is a frame.

    Raises:
        InputError: It is none, or its time is no number.
    """
    if not (isinstance(pixels, np.ndarray) and _sound(pixels)):
        shown = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise InputError(f"a frame is {shown}: give uint8 arrays (H, W, 3) in RGB, of {SMALLEST} px and more")
    if time is not None and not isfinite(time):
        raise InputError(f"{time} is no time of a frame: give seconds")


def _sound(pixels: NDArray[np.generic]) -> bool:
    return pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and min(pixels.shape[:2]) >= SMALLEST
