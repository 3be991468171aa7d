"""How sharp a crop is: one measure for what preparation leaves out and what the camera abstains on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def sharpness(crop: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian of a crop `(S, S, 3)` in grey: below 10 or so it looks blurred."""
    grey = np.asarray(Image.fromarray(crop).convert("L")).astype(np.int16)
    wide = np.pad(grey, 1, mode="reflect")
    edges = wide[:-2, 1:-1] + wide[2:, 1:-1]
    edges += wide[1:-1, :-2]
    edges += wide[1:-1, 2:]
    edges -= 4 * grey
    values = edges.ravel().astype(np.float32)
    return float(values @ values / values.size - values.mean() ** 2)
