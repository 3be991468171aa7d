import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.explain.localisation import FIXED, THRESHOLDS, localise

LEFT = np.zeros((256, 256), bool)
LEFT[:, :64] = True


def test_the_region_itself_is_the_perfect_map() -> None:
    found = localise(LEFT.astype(np.float32), LEFT)
    assert found.pointing == found.energy == 1
    assert (found.ious == 1).all()


def test_a_map_of_the_rest_has_nothing() -> None:
    found = localise((~LEFT).astype(np.float32), LEFT)
    assert found.pointing == found.energy == 0
    assert (found.ious == 0).all()


@pytest.mark.parametrize("level", [0.0, 3.0])
def test_a_flat_map_has_the_regions_share_of_the_crop(level: float) -> None:
    found = localise(np.full((256, 256), level, np.float32), LEFT)
    assert found.pointing == found.energy == pytest.approx(0.25)
    assert np.allclose(found.ious, 0.25)


def test_iou_at_each_threshold_by_hand() -> None:
    """1 in the left half of the region, .3 in the rest of it and in as much beside it: .5 splits them."""
    evidence = np.zeros((256, 256), np.float32)
    evidence[:, :128], evidence[:, :32] = 0.3, 1
    found = localise(2 * evidence, LEFT)  # the unit does not matter
    assert THRESHOLDS[FIXED] == 0.5
    assert found.ious[FIXED] == pytest.approx(32 / 64)
    assert found.ious[0] == pytest.approx(64 / 128)
    assert found.energy == pytest.approx((32 + 0.3 * 32) / (32 + 0.3 * 96), rel=1e-5)


def test_the_pointing_game_takes_the_highest_pixel(region: NDArray[np.bool_]) -> None:
    evidence = np.random.default_rng(0).random((256, 256)).astype(np.float32)
    evidence[100, 170] = 2
    assert localise(evidence, region).pointing == 1
    evidence[0, 0] = 2
    assert localise(evidence, region).pointing == 0.5
