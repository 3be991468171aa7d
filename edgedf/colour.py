"""JPEG's colours, those of ITU-R BT.601: what red, green and blue weigh in brightness and in both chromas."""

import numpy as np
from numpy.typing import NDArray

LUMA = (0.299, 0.587, 0.114)
CHROMA_BLUE = (-0.169, -0.331, 0.5)
CHROMA_RED = (0.5, -0.419, -0.081)


def luma(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Brightness `(H, W)` of RGB pixels `(H, W, 3)`, 0 to 255."""
    return np.asarray(pixels.astype(np.float32) @ np.array(LUMA, np.float32), np.float32)
