"""Which images an epoch shows."""

import numpy as np
import pytest

from edgedf.data.sampling import epoch_order, paired_order

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


# Image 0 has two fakes, image 1 one, image 2 none; nobody knows what fake 6 was made from.
PAIRED = np.array([0, 0, 0, 1, 1, 1, 1], np.uint8)
ORIGINALS = np.array([0, 1, 2, 0, 0, 1, 6])


def _partners(epoch: int) -> dict[int, int]:
    """The fake beside each real."""
    order = paired_order(PAIRED, ORIGINALS, epoch, 0).tolist()
    return dict(zip(order[::2], order[1::2], strict=True))


def test_each_real_stands_beside_a_fake_of_its_own() -> None:
    """A real without one stands beside any fake."""
    for epoch in range(10):
        partner = _partners(epoch)
        assert sorted(partner) == [0, 1, 2]
        assert partner[0] in (3, 4) and partner[1] == 5 and PAIRED[partner[2]] == 1


def test_the_fakes_of_a_real_take_turns() -> None:
    partners = [_partners(epoch)[0] for epoch in range(4)]
    assert partners[0] != partners[1] and partners[:2] == partners[2:]


def test_a_fake_without_an_original_is_shown_too() -> None:
    assert any(6 in paired_order(PAIRED, ORIGINALS, epoch, 0) for epoch in range(20))


def test_the_same_numbers_give_the_same_pairs_and_others_another() -> None:
    first = paired_order(LABELS, np.arange(3000), 3, 7)
    assert np.array_equal(first, paired_order(LABELS, np.arange(3000), 3, 7))
    assert not np.array_equal(first, paired_order(LABELS, np.arange(3000), 4, 7))
    other = paired_order(LABELS, np.arange(3000), 3, 8)
    assert not np.array_equal(first, other) and sorted(first) == sorted(other), "another order of the same images"
