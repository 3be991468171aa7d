"""Which images an epoch shows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.sampling import by_turns, epoch_order, paired_order, some_by_turns

Labels = NDArray[np.uint8]
Indices = NDArray[np.int64]

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


# Image 0 has two fakes, image 1 one, image 2 none.
PAIRED = np.array([0, 0, 0, 1, 1, 1], np.uint8)
ORIGINALS = np.array([0, 1, 2, 0, 0, 1])
NOBODY = np.arange(3000)  # no original is known


def _partners(labels: Labels, originals: Indices, sources: Indices, epoch: int) -> dict[int, int]:
    """The fake beside each real."""
    order = paired_order(labels, originals, sources, epoch, 0).tolist()
    return dict(zip(order[::2], order[1::2], strict=True))


def test_each_real_stands_beside_a_fake_of_its_own() -> None:
    """A real without one stands beside any fake."""
    seen: set[tuple[int, int]] = set()
    for epoch in range(40):
        seen |= set(_partners(PAIRED, ORIGINALS, np.zeros(6, int), epoch).items())
    assert seen == {(0, 3), (0, 4), (1, 5), (2, 3), (2, 4), (2, 5)}


def test_each_fake_of_a_real_comes_in_each_view() -> None:
    """Views take turns by epoch; a fake is not bound to one of them."""
    partners = [_partners(PAIRED, ORIGINALS, np.zeros(6, int), epoch)[0] for epoch in range(20)]
    assert {(partner, epoch % 2) for epoch, partner in enumerate(partners)} == {(3, 0), (3, 1), (4, 0), (4, 1)}


def test_fakes_without_an_original_have_their_share() -> None:
    """Though each real has a fake of its own."""
    labels, originals = np.array([0, 0, 1, 1, 1, 1], np.uint8), np.array([0, 1, 0, 1, 4, 5])
    partners = [_partners(labels, originals, np.zeros(6, int), epoch)[0] for epoch in range(200)]
    assert set(partners) == {2, 4, 5}
    assert 0.35 < np.mean(np.array(partners) > 3) < 0.65


def test_a_pair_is_of_one_dataset() -> None:
    """Else the datasets' own looks would tell real from fake."""
    labels, sources = np.array([0, 0, 0, 1, 0, 1, 1, 1], np.uint8), np.array([0] * 4 + [1] * 4)
    for epoch in range(10):
        partners = _partners(labels, np.arange(8), sources, epoch)
        assert all(sources[real] == sources[fake] for real, fake in partners.items())


def test_datasets_of_one_class_each_are_paired_across() -> None:
    partners = _partners(np.array([0, 0, 1, 1], np.uint8), np.arange(4), np.array([0, 0, 1, 1]), 0)
    assert set(partners) == {0, 1} and set(partners.values()) <= {2, 3}


def test_the_same_numbers_give_the_same_pairs_and_others_another() -> None:
    def order(epoch: int, seed: int) -> Indices:
        return paired_order(LABELS, NOBODY, np.zeros(3000, int), epoch, seed)

    first, other_seed = order(3, 7), order(3, 8)
    assert np.array_equal(first, order(3, 7))
    assert not np.array_equal(first, order(4, 7))
    assert not np.array_equal(first, other_seed)
    assert sorted(first) == sorted(other_seed), "another order of the same images"


def test_a_small_dataset_has_its_share_of_the_pairs() -> None:
    """90 reals of one dataset and 10 of another, of which each comes twice: 20 pairs beside 90."""
    labels = np.array([0] * 90 + [1] * 90 + [0] * 10 + [1] * 10, np.uint8)
    sources = np.array([0] * 180 + [1] * 20)
    real, fake = paired_order(labels, np.arange(200), sources, 0, 0, least_share=0.2).reshape(-1, 2).T
    assert (np.bincount(real, minlength=200)[labels == 0] == [1] * 90 + [2] * 10).all()
    assert (sources[real] == sources[fake]).all()
    assert (labels[real] == 0).all() and (labels[fake] == 1).all()


def test_one_of_each_part_comes_before_the_second_of_any() -> None:
    parts = ["large"] * 6 + ["small", "small", "single"]
    order = by_turns(parts, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(9))
    assert {parts[i] for i in order[:3]} == {"large", "small", "single"}
    assert sorted(parts[i] for i in order[3:5]) == ["large", "small"]


def test_some_come_from_many_groups_first() -> None:
    groups = ["a"] * 10 + ["b", "c"]
    chosen = some_by_turns(np.arange(12), groups, 4, np.random.default_rng(0))
    assert {groups[i] for i in chosen[:3]} == {"a", "b", "c"} and groups[chosen[3]] == "a"


def test_some_by_turns_are_of_those_asked_for() -> None:
    parts = ["a", "b", "a", "c", "a", "b"]
    found = some_by_turns(np.array([0, 2, 3, 4]), parts, 2, np.random.default_rng(0))
    assert {*found} < {0, 2, 3, 4} and {parts[i] for i in found} == {"a", "c"}
    assert sorted(some_by_turns(np.array([1, 5]), parts, 9, np.random.default_rng(0))) == [1, 5]
