"""A decoded frame as RGB, upright: one rule for the videos that are prepared and the camera that is watched."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def quarter_turns(frame: Any) -> int:
    """How often a frame of PyAV must be turned to the left by 90 degrees to stand upright, as its video says."""
    turned: int = round(frame.rotation / 90) % 4
    return turned


def upright(frame: Any, converter: Any = None) -> NDArray[np.uint8]:
    """The pixels of a frame of PyAV, turned as its video says and with 8 bits, whatever it holds.

    Args:
        frame: As it was decoded.
        converter: A `VideoReformatter` that is used again, which saves its tables; without one the frame makes its own.

    Returns:
        `(H, W, 3)` RGB.
    """
    rgb = converter.reformat(frame, format="rgb24") if converter else frame.reformat(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb.to_ndarray(), quarter_turns(frame)))
