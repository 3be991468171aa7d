"""A model whose evidence is known: its logit is the contrast of one square, so it loses it where that is hidden."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.explain.explanation import Subject
from edgedf.explain.maps import Crop
from edgedf.runtime.engine import Result, scores

SQUARE = np.s_[96:128, 160:192]


def contrast(crops: NDArray[np.uint8]) -> Result:
    """Attends to the upper left quarter, where there is nothing."""
    inside = crops[:, SQUARE[0], SQUARE[1]].astype(np.float32)
    logit = inside.std((1, 2, 3)) / 16
    attention = np.zeros((len(crops), 16, 16), np.float32)
    attention[:, :8, :8] = 0.5
    return Result(scores(logit, 1.0), logit, attention, np.zeros((len(crops), 1), np.float32))


@pytest.fixture
def subject() -> Subject:
    return Subject("contrast", contrast, threshold=0.9)


@pytest.fixture
def crop() -> Crop:
    """Noise of every frequency on grey."""
    noise = np.random.default_rng(0).normal(128, 60, (256, 256, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


@pytest.fixture
def region() -> NDArray[np.bool_]:
    mask = np.zeros((256, 256), bool)
    mask[SQUARE] = True
    return mask
