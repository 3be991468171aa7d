import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.explain.explanation import Subject
from edgedf.explain.faithfulness import compressed, faithfulness, shifted, stability
from edgedf.explain.maps import Crop, centre_prior
from edgedf.metrics import sigmoid


def test_the_true_map_beats_its_opposite(subject: Subject, crop: Crop, region: NDArray[np.bool_]) -> None:
    true, false = (faithfulness(subject.ask, crop, one.astype(np.float32)) for one in (region, ~region))
    whole = float(sigmoid(subject.ask(crop[None]).logit)[0])
    assert true.deletion < 0.6 < 0.9 < false.deletion <= whole
    assert true.insertion > 0.9 > 0.6 > false.insertion


def test_a_flat_map_takes_the_pixels_by_chance(subject: Subject, crop: Crop) -> None:
    """Row by row, it would seem to know something."""
    flat = np.zeros((256, 256), np.float32)
    found, again = (faithfulness(subject.ask, crop, flat) for _ in range(2))
    row_by_row = faithfulness(subject.ask, crop, flat - np.arange(256, dtype=np.float32)[:, None])
    assert found == again
    assert found.deletion > row_by_row.deletion + 0.1  # the square, in the upper half, goes at once


def test_a_constant_score_has_its_own_area(subject: Subject, crop: Crop) -> None:
    grey = np.full_like(crop, 90)
    found = faithfulness(subject.ask, grey, centre_prior())
    assert found.deletion == found.insertion == pytest.approx(0.5)


def test_a_map_that_follows_the_picture_is_stable_and_one_of_chance_is_not(crop: Crop) -> None:
    rng = np.random.default_rng(0)

    def bright(one: Crop, sign: float) -> NDArray[np.float32]:
        return np.asarray(one.mean(2), np.float32)

    def chance(one: Crop, sign: float) -> NDArray[np.float32]:
        return rng.random((256, 256), np.float32)

    assert stability(bright, crop, bright(crop, 1)).shift == pytest.approx(1)
    assert 0.8 < stability(bright, crop, bright(crop, 1)).jpeg < 1
    assert all(abs(one) < 0.05 for one in stability(chance, crop, chance(crop, 1)))


def test_the_two_changes(crop: Crop) -> None:
    assert (shifted(crop)[1:, 1:] == crop[:-1, :-1]).all()
    assert 0 < np.abs(compressed(crop).astype(int) - crop).mean() < 40
