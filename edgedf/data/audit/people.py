"""People in two splits, by the vectors that an embedder gives their pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST = 200  # pairs kept
SAMPLE = 20_000  # pairs of groups that show what strangers are
TILE = 512  # groups compared with all others at a time
DEVIATIONS = 6.0  # robust standard deviations above what strangers are
HALVES = 0.5  # least share of groups that must be recognised as themselves


class Alike(NamedTuple):
    """Two groups of different splits that look alike.

    Attributes:
        one: Index of a picture of the first group, the one most like the second group.
        other: Index of a picture of the second group, the one most like the first.
        cosine: Between the groups' mean vectors.
    """

    one: int
    other: int
    cosine: float


@dataclass(frozen=True)
class People:
    """Groups compared across splits.

    Attributes:
        alike: Most alike pairs of groups in different splits, the most alike first.
        bound: Cosine from which on two groups count as one person.
        recognised: Share of groups whose two halves are that alike; None where no group has two pictures.
    """

    alike: list[Alike]
    bound: float
    recognised: float | None

    @property
    def trusted(self) -> bool:
        """Whether the embedder tells people apart on these pictures: strangers differ, most groups are known again."""
        return self.bound < 1 and (self.recognised is None or self.recognised >= HALVES)

    @property
    def same(self) -> list[Alike]:
        """Pairs that count as one person."""
        return [pair for pair in self.alike if pair.cosine >= self.bound]


def compare_people(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], groups: Sequence[str], splits: Sequence[str]
) -> People:
    """Compares groups of different splits by their mean vectors.

    The bound comes from the data: most pairs of groups are strangers, and a pair far outside of what strangers are
    (median and six robust standard deviations) is not one of them.

    Args:
        vectors: `(N, D)` of length 1.
        rows: Pictures that count: the real ones, because a fake may wear another's face.
        groups: Group of each of the N pictures.
        splits: Split of each.
    """
    codes = np.unique(np.array(groups)[rows], return_inverse=True)[1]
    home = np.unique(np.array(splits)[rows], return_inverse=True)[1]
    keys, group_of = np.unique(np.stack([codes, home]), axis=1, return_inverse=True)
    means = _means(vectors[rows], group_of, keys.shape[1])
    bound = _bound(means)
    order = np.argsort(group_of, kind="stable")
    rows_of = np.split(rows[order], np.cumsum(np.bincount(group_of))[:-1])
    alike = [_pair(vectors, rows_of, means, *pair) for pair in _nearest(means, keys[1])]
    return People(alike, bound, _recognised(vectors[rows], group_of, len(means), bound))


def _means(vectors: NDArray[np.float32], group_of: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Mean vector of each group, of length 1; zeros for a group without pictures."""
    sums = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(sums, group_of, vectors)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)


def _bound(means: NDArray[np.float32]) -> float:
    """Cosine that no two strangers reach."""
    one, other = np.random.default_rng(0).integers(0, len(means), (2, SAMPLE))
    apart = one != other
    if not apart.any():
        return 1.0
    strangers = np.einsum("ij,ij->i", means[one[apart]], means[other[apart]])
    middle = np.median(strangers)
    spread = 1.4826 * np.median(np.abs(strangers - middle))  # the standard deviation, if they are normal
    return float(min(middle + DEVIATIONS * spread, 1.0))


def _nearest(means: NDArray[np.float32], home: NDArray[np.intp]) -> list[tuple[int, int]]:
    """The most alike pairs of groups in different splits, the most alike first."""
    best: list[tuple[float, int, int]] = []
    for start in range(0, len(means), TILE):
        cosines = means[start : start + TILE] @ means.T
        cosines[home[start : start + TILE, None] >= home[None]] = -2.0  # each pair once
        top = np.argpartition(cosines, -min(MOST, cosines.size), axis=None)[-MOST:]
        one, other = np.unravel_index(top[cosines.flat[top] > -2], cosines.shape)
        best += zip((-cosines[one, other]).tolist(), (one + start).tolist(), other.tolist(), strict=True)
    return [(one, other) for _, one, other in sorted(best)[:MOST]]


def _pair(
    vectors: NDArray[np.float32], rows_of: Sequence[NDArray[np.intp]], means: NDArray[np.float32], one: int, other: int
) -> Alike:
    """A pair of groups, each shown by its picture most like the other group."""
    shown = [
        int(rows_of[group][np.argmax(vectors[rows_of[group]] @ means[against])])
        for group, against in ((one, other), (other, one))
    ]
    return Alike(shown[0], shown[1], float(means[one] @ means[other]))


def _recognised(vectors: NDArray[np.float32], group_of: NDArray[np.intp], count: int, bound: float) -> float | None:
    """Share of groups of two pictures or more whose halves are at least `bound` alike."""
    order = np.argsort(group_of, kind="stable")
    ranks = np.arange(len(order)) - np.searchsorted(group_of[order], group_of[order])
    second = np.zeros(len(order), bool)
    second[order] = ranks % 2 == 1
    halves = [_means(vectors[part], group_of[part], count) for part in (second, ~second)]
    several = np.bincount(group_of[second], minlength=count) > 0
    if not several.any():
        return None
    return float(np.mean(np.einsum("ij,ij->i", *halves)[several] >= bound))
