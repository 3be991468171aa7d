"""Bootstrap over groups: images of one person or video are not independent, their groups are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgedf.metrics.arrays import Labels

ROUNDING = 1e-9
_CHUNK = 100  # draws at a time: 5,000 images then need 4 MB an array


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """For instance `0.912 [0.887, 0.934]`."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @property
    def is_share(self) -> bool:
        """Whether all three are from 0 to 1, but for rounding, and the ends in their order."""
        low, high = -ROUNDING, 1 + ROUNDING
        return low <= self.value <= high and low <= self.low <= self.high <= high

    @classmethod
    def from_draws(cls, values: npt.NDArray[np.float64], lowest: float = 0.0) -> "Interval":
        """The first value (the data as they are), the middle 95 % of the others; `lowest` to 1 if there are none."""
        if len(values) == 1:
            return cls(float(values[0]), lowest, 1.0)
        low, high = np.quantile(values[1:], (0.025, 0.975))
        return cls(float(values[0]), float(low), float(high))


def group_draws(labels: Labels, groups: Sequence[str], resamples: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    """How often each image is drawn, in chunks (draws, N): first each once, then by groups with replacement.

    Draws that miss a class say nothing and are left out. Where a class has fewer than two groups, nothing is
    known of how it varies, and only the first draw comes.
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    count = len(names)
    fakes = np.bincount(group_of, labels == 1, count)
    reals = np.bincount(group_of, labels != 1, count)
    if min(np.count_nonzero(fakes), np.count_nonzero(reals)) < 2:
        resamples = 0
    random = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)
    usable = (random @ fakes > 0) & (random @ reals > 0)
    draws = np.vstack([np.ones(count), random[usable]])
    for start in range(0, len(draws), _CHUNK):
        yield draws[start : start + _CHUNK][:, group_of]


def mean_interval(
    values: npt.NDArray[np.float64], groups: Sequence[str], lowest: float = 0.0, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Mean of values (N,) up to 1, with its interval over groups; of one group alone it is `lowest` to 1."""
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    count = len(names)
    random = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples if count > 1 else 0)
    draws = np.vstack([np.ones(count), random])
    totals, sizes = np.bincount(group_of, values, count), np.bincount(group_of, minlength=count)
    return Interval.from_draws(draws @ totals / (draws @ sizes), lowest)
