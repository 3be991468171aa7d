"""A frame of a camera."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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
