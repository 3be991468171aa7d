"""What a face looks like where it is hidden: the same for explanations, which hide parts of it, and for training."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

BLUR = 16.0  # standard deviation in pixels: it takes the texture and leaves the light


def hidden(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop `(S, S, 3)` blurred until no texture is left."""
    return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(BLUR)), np.uint8)
