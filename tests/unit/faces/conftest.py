"""Pictures with drawn faces, which every network here takes for real."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.drawn import draw_face

LEFT, TOP, BETWEEN = 60, 40, 120


@pytest.fixture(scope="session")
def crowd() -> NDArray[np.uint8]:
    """A picture `(400, 960, 3)` with two faces: portraits of 256 pixels, 376 apart."""
    picture = np.full((400, 960, 3), 90, np.uint8)
    for i in range(2):
        x = LEFT + i * (256 + BETWEEN)
        picture[TOP : TOP + 256, x : x + 256] = draw_face(np.random.default_rng(i), fake=False)
    return picture
