"""Which images an epoch shows."""

import numpy as np
import pytest

from edgedf.data.sampling import epoch_order

LABELS = np.array([0] * 1000 + [1] * 2000, np.uint8)


@pytest.mark.parametrize("prevalence", [0.05, 0.17, 0.5, 0.9])
def test_an_epoch_has_the_wanted_share_of_fakes(prevalence: float) -> None:
    order = epoch_order(LABELS, 0, 0, prevalence)
    assert abs(LABELS[order].mean() - prevalence) < 0.002
    assert len(set(order)) == len(order)


def test_every_image_has_its_turn() -> None:
    """Ten epochs at 17 % show each real ten times and each of the 2,000 fakes once."""
    shown = np.bincount(np.concatenate([epoch_order(LABELS, e, 0, 0.17) for e in range(10)]), minlength=3000)
    assert (shown[:1000] == 10).all()
    assert shown[1000:].max() - shown[1000:].min() <= 1


def test_the_same_numbers_give_the_same_order_and_others_another() -> None:
    first = epoch_order(LABELS, 3, 7)
    assert np.array_equal(first, epoch_order(LABELS, 3, 7))
    assert sorted(first) == list(range(3000))
    assert not np.array_equal(first, epoch_order(LABELS, 4, 7))
    assert not np.array_equal(first, epoch_order(LABELS, 3, 8))
