"""Random resized crops with a turn: a part of a face, for pretraining.

A part of a fake may hold no forgery, so views like these are not for learning from labels. Between other scales and
angles the same few people give many more pictures.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import SIZE

PART = (0.3, 0.9)  # side of what is shown, in sides of the crop
TURN = 30.0  # degrees, either way


def zoom(crop: NDArray[np.uint8], rng: np.random.Generator) -> Any:
    """A part of a crop `(256, 256, 3)` by chance, as large as the crop; what comes in from outside is mirrored."""
    part = rng.uniform(*PART)
    turned = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), rng.uniform(-TURN, TURN), part)
    matrix = np.array(turned, np.float64)
    matrix[:, 2] += rng.uniform(-1, 1, 2) * (1 - part) * SIZE / 2
    # The matrix leads from the view to the crop.
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(crop, matrix, (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
