"""Splits by group: no person or source video is in two of them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgedf.data.dataset import SPLITS
from edgedf.errors import ConfigError


def split_by_group(
    groups: Sequence[str],
    labels: NDArray[np.uint8],
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    seed: int = 0,
) -> list[str]:
    """Deals whole groups out to train, val and test, so that each gets its share of reals and of fakes.

    The largest groups go first, each to the split that then lies closest to its share; the seed orders
    groups of one size. Few or lopsided groups leave the shares inexact, and may leave a split empty.

    Args:
        groups: `(N,)`.
        labels: `(N,)`, 1 is fake.
        fractions: Shares of train, val and test; they sum to 1.
        seed: Seed of the order.

    Returns:
        `(N,)`, the split of each row.

    Raises:
        ConfigError: The fractions are not shares of a whole.
    """
    shares = np.array(fractions)
    if (shares < 0).any() or not np.isclose(shares.sum(), 1):
        raise ConfigError(f"split fractions {fractions} must not be negative and must sum to 1")
    counts = _counts(groups, labels)
    wanted = shares[:, None] * sum(counts.values())  # (3 splits, 2 classes)
    given = np.zeros_like(wanted)
    home: dict[str, str] = {}
    for group in _order(counts, seed):
        best = int(np.argmin(_misfit(given, wanted, counts[group])))
        given[best] += counts[group]
        home[group] = SPLITS[best]
    return [home[group] for group in groups]


def _counts(groups: Sequence[str], labels: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Reals and fakes of each group."""
    counts: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(2))
    for group, label in zip(groups, labels, strict=True):
        counts[group][label] += 1
    return counts


def _order(counts: dict[str, NDArray[np.float64]], seed: int) -> list[str]:
    # Sorted first: the result must not depend on the order of the rows.
    names = sorted(counts)
    np.random.default_rng(seed).shuffle(names)
    return sorted(names, key=lambda name: -counts[name].sum())


def _misfit(given: NDArray[np.float64], wanted: NDArray[np.float64], group: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far all splits are from their shares if the group joined split 0, 1 or 2, `(3,)`."""
    scale = np.maximum(wanted, 1)
    before = (((given - wanted) / scale) ** 2).sum(axis=1)
    after = (((given + group - wanted) / scale) ** 2).sum(axis=1)
    change: NDArray[np.float64] = np.where(wanted.sum(axis=1) > 0, after - before, np.inf)
    return change
