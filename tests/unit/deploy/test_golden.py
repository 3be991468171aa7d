"""Golden crops: the same on every machine, and those on which the model is least sure."""

import numpy as np
from numpy.typing import NDArray

from edgedf.deploy.golden import COUNT, choose_golden, drawn_crops
from edgedf.runtime.backends import Outputs


def test_the_crops_are_always_the_same_and_each_another() -> None:
    crops = drawn_crops(3)
    assert crops.shape == (3, 256, 256, 3)
    assert crops.dtype == np.uint8
    assert np.array_equal(crops, drawn_crops(3))
    assert len({crop.tobytes() for crop in crops}) == 3


def test_the_least_certain_crops_are_chosen_in_their_order() -> None:
    class Brightness:
        """Its logit is the first pixel minus 100."""

        notes = ()

        def run(self, crops: NDArray[np.uint8]) -> Outputs:
            logit = crops[:, 0, 0, :1].astype(np.float32) - 100
            return Outputs(logit, logit[:, None], logit)

    pixels = np.array([0, 99, 250, 103, 98, 180, 100], np.uint8)
    candidates = np.zeros((len(pixels), 256, 256, 3), np.uint8)
    candidates[:, 0, 0, 0] = pixels
    chosen = choose_golden(Brightness(), candidates)[:, 0, 0, 0]
    assert chosen.tolist() == [99, 103, 98, 100]
    assert len(chosen) == COUNT
