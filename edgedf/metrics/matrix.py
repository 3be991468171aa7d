"""The confusion matrix and what follows from it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgedf.errors import ConfigError
from edgedf.metrics.arrays import Floats, Labels, as_weights, need_both_classes


def ratio(part: float, whole: float) -> float:
    """Quotient, 0.0 for 0/0."""
    return part / whole if whole else 0.0


@dataclass(frozen=True)
class ConfusionMatrix:
    """Counts, or sums of weights, of true and false verdicts; fake is the positive class."""

    tn: float
    fp: float
    fn: float
    tp: float

    @classmethod
    def from_verdicts(
        cls, labels: Labels, verdicts: npt.NDArray[np.bool_], weights: Floats | None = None
    ) -> "ConfusionMatrix":
        """Counts verdicts (N,), true where an image was called fake."""
        cell = 2 * (np.asarray(labels) == 1) + verdicts
        return cls(*np.bincount(cell, as_weights(labels, weights), minlength=4).tolist())

    @property
    def total(self) -> float:
        """Number of images."""
        return self.tn + self.fp + self.fn + self.tp

    @property
    def prevalence(self) -> float:
        """Share of fakes."""
        return ratio(self.tp + self.fn, self.total)

    @property
    def precision(self) -> float:
        """Share of true fakes among those called fake."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of the fakes that were called fake."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def false_positive_rate(self) -> float:
        """Share of the reals that were called fake."""
        return ratio(self.fp, self.fp + self.tn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> float:
        """Share of right verdicts."""
        return ratio(self.tp + self.tn, self.total)

    def at_prevalence(self, prevalence: float) -> "ConfusionMatrix":
        """The matrix expected at another share of fakes: same recall, false positive rate and total."""
        fakes = prevalence * self.total
        reals = self.total - fakes
        tp, fp = self.recall * fakes, self.false_positive_rate * reals
        return ConfusionMatrix(tn=reals - fp, fp=fp, fn=fakes - tp, tp=tp)


def check_prevalence(prevalence: float) -> None:
    """Checks a share of fakes.

    Raises:
        ConfigError: It is not between 0 and 1.
    """
    if not 0.0 < prevalence < 1.0:
        raise ConfigError(f"prevalence {prevalence:g} is not between 0 and 1: give a share of fakes like .17")


def prevalence_weights(labels: Labels, prevalence: float | None) -> npt.NDArray[np.float64]:
    """Weights (N,) of mean 1 under which `prevalence` of the weight is fake; None leaves all at 1.

    Raises:
        ConfigError: The prevalence is not between 0 and 1.
        DatasetError: The labels are of one class, which no weight can mend.
    """
    if prevalence is None:
        return np.ones(len(labels))
    check_prevalence(prevalence)
    need_both_classes(labels)
    share = float(np.mean(np.asarray(labels) == 1))
    return np.where(np.asarray(labels) == 1, prevalence / share, (1 - prevalence) / (1 - share))
