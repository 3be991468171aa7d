"""Splits by group."""

from collections import Counter

import numpy as np
import pytest

from edgedf.data.splits import split_by_group
from edgedf.errors import ConfigError

GROUPS = [f"g{i // 5}" for i in range(1000)]
LABELS = (np.random.default_rng(0).random(1000) < 0.2).astype(np.uint8)


def test_no_group_is_cut() -> None:
    """Every group has one split."""
    splits = split_by_group(GROUPS, LABELS)
    assert len(set(zip(GROUPS, splits, strict=True))) == len(set(GROUPS))


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.9, 0.1, 0.0)])
def test_each_class_gets_its_share(fractions: tuple[float, float, float]) -> None:
    """Reals and fakes are dealt out by the fractions, within two points."""
    splits = np.array(split_by_group(GROUPS, LABELS, fractions))
    for label in (0, 1):
        of_class = splits[label == LABELS]
        counts = Counter(of_class.tolist())
        for name, share in zip(("train", "val", "test"), fractions, strict=True):
            assert counts[name] / len(of_class) == pytest.approx(share, abs=0.02)


def test_row_order_does_not_matter() -> None:
    """A group's split depends on the groups, not on where its rows stand."""
    order = np.random.default_rng(1).permutation(1000)
    shuffled = split_by_group([GROUPS[i] for i in order], LABELS[order])
    in_order = split_by_group(GROUPS, LABELS)
    assert shuffled == [in_order[i] for i in order]


def test_seed_decides() -> None:
    """The same seed deals the same way, another one differently."""
    assert split_by_group(GROUPS, LABELS, seed=3) == split_by_group(GROUPS, LABELS, seed=3)
    assert split_by_group(GROUPS, LABELS, seed=3) != split_by_group(GROUPS, LABELS, seed=4)


def test_a_giant_group_goes_to_train() -> None:
    """The largest group goes where there is most room."""
    groups = ["giant"] * 60 + [f"g{i}" for i in range(40)]
    splits = split_by_group(groups, np.arange(100, dtype=np.uint8) % 2)
    assert splits[0] == "train"
    assert {"val", "test"} <= set(splits)


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.2), (1.2, -0.1, -0.1)])
def test_fractions_are_shares_of_a_whole(fractions: tuple[float, float, float]) -> None:
    """They are not negative and sum to 1."""
    with pytest.raises(ConfigError, match="sum to 1"):
        split_by_group(["a"], np.zeros(1, np.uint8), fractions)
