"""One evaluation: the confusion matrix and every figure that follows from it, with 95 % intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgedf.errors import ConfigError, InternalError
from edgedf.metrics.arrays import Floats, Labels, finite, need_both_classes
from edgedf.metrics.bootstrap import Interval, group_draws
from edgedf.metrics.matrix import ConfusionMatrix, prevalence_weights
from edgedf.metrics.ranking import resampled_auc, resampled_calibration_error
from edgedf.metrics.threshold import choose_threshold, cross_fitted_verdicts
from edgedf.typed import read

FIGURES = {
    "auc": "AUC",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "false_positive_rate": "false positive rate",
    "ece": "calibration error",
}
"""Every figure that has an interval: its name, which is a field of `Evaluation`, and its title."""

WORTH = ("auc", "f1", "precision", "recall")
"""Those of which more is better."""


@dataclass(frozen=True)
class Evaluation:
    """What a detector is worth on one set of images.

    Attributes:
        images: Number of images.
        fakes: Number of fakes among them.
        groups: Number of groups, the unit of the bootstrap.
        prevalence: Share of fakes that precision, F1 and calibration error are stated at.
        threshold: The one to deploy: given, or chosen on all these images.
        rule: "given", or the rule and how it was used: "f1, cross-fitted".
        matrix: Raw counts; cross-fitted where the threshold was chosen on these images.
        ece: Expected calibration error of the score.

    Raises:
        InternalError: A figure contradicts the confusion matrix, or is no share with an interval of shares.
    """

    images: int
    fakes: int
    groups: int
    prevalence: float
    threshold: float
    rule: str
    matrix: ConfusionMatrix
    auc: Interval
    f1: Interval
    precision: Interval
    recall: Interval
    false_positive_rate: Interval
    ece: Interval

    def __post_init__(self) -> None:
        """Checks that the figures follow from the matrix."""
        stated = self.matrix.at_prevalence(self.prevalence)
        follows = {
            "images": (self.images, self.matrix.total),
            "fakes": (self.fakes, self.matrix.tp + self.matrix.fn),
            "f1": (self.f1.value, stated.f1),
            "precision": (self.precision.value, stated.precision),
            "recall": (self.recall.value, stated.recall),
            "false_positive_rate": (self.false_positive_rate.value, stated.false_positive_rate),
        }
        for name, (value, expected) in follows.items():
            if not math.isclose(value, expected, abs_tol=1e-6):
                raise InternalError(f"{name} {value:g} contradicts the confusion matrix, which gives {expected:g}")
        for name in FIGURES:
            if not (found := getattr(self, name)).is_share:
                raise InternalError(f"{name} {found.value:g} [{found.low:g}, {found.high:g}] is no share")

    @property
    def faces(self) -> tuple[int, int, int, float]:
        """What must be alike for two of these to be compared."""
        return self.images, self.fakes, self.groups, round(self.prevalence, 9)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Evaluation":
        """Reads what `to_dict` wrote.

        Raises:
            InputError: A field is missing, unknown, of another type, or contradicts the confusion matrix.
        """
        return read(cls, data, "the evaluation")


def evaluate(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    *,
    rule: str | None = None,
    threshold: float | None = None,
    prevalence: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Evaluates scores against labels.

    Args:
        labels: uint8 (N,), 1 = fake.
        scores: P(fake) in [0, 1], float (N,).
        groups: Group of each image.
        rule: Chooses the threshold on these same images; the verdicts are then cross-fitted over groups.
        threshold: Used as given. One of `rule` and `threshold` must be there.
        prevalence: Share of fakes that a rule chooses for and that precision and F1 are stated at; the data's own
            when None. `evaluate_verdicts` states them at another.
        resamples: Number of bootstrap draws.
        seed: Seeds them.

    Raises:
        ConfigError: Neither or both of `rule` and `threshold`; an unknown rule; a prevalence out of range.
        DatasetError: One class is missing, or too few groups to cross-fit.
    """
    need_both_classes(labels)
    labels, scores = np.asarray(labels), finite(scores)
    threshold, verdicts, how = _decide(labels, scores, groups, rule, threshold, prevalence)
    return evaluate_verdicts(labels, scores, groups, verdicts, threshold, how, prevalence, resamples, seed)


def evaluate_verdicts(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    verdicts: npt.NDArray[np.bool_],
    threshold: float,
    rule: str,
    prevalence: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Evaluates verdicts (N,) that were made from the scores, by a threshold or several; see `evaluate`."""
    matrix = ConfusionMatrix.from_verdicts(labels, verdicts)
    stated = matrix.prevalence if prevalence is None else prevalence
    draws = figure_draws(labels, scores, groups, verdicts, stated, resamples, seed)
    return Evaluation(
        images=len(labels),
        fakes=int(np.count_nonzero(labels)),
        groups=len(set(groups)),
        prevalence=stated,
        threshold=threshold,
        rule=rule,
        matrix=matrix,
        **{name: Interval.from_draws(draws[name]) for name in FIGURES},
    )


def figure_draws(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    verdicts: npt.NDArray[np.bool_],
    prevalence: float,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, npt.NDArray[np.float64]]:
    """Every figure (1 + R,): of the data as they are, then of each draw; of the same draws for the same seed."""
    chunks = [
        _figures(labels, scores, verdicts, prevalence, drawn) for drawn in group_draws(labels, groups, resamples, seed)
    ]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in FIGURES}


def _decide(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    rule: str | None,
    threshold: float | None,
    prevalence: float | None,
) -> tuple[float, npt.NDArray[np.bool_], str]:
    """Threshold to deploy, verdicts (N,) to report and how they came about."""
    if rule is not None and threshold is None:
        threshold = choose_threshold(labels, scores, rule, prevalence_weights(labels, prevalence))
        verdicts = cross_fitted_verdicts(labels, scores, groups, rule, prevalence)
        return threshold, verdicts, f"{rule}, cross-fitted"
    if threshold is not None and rule is None:
        return float(threshold), scores >= threshold, "given"
    raise ConfigError("give either a threshold or the rule that chooses one")


def _figures(
    labels: Labels,
    scores: Floats,
    verdicts: npt.NDArray[np.bool_],
    prevalence: float,
    drawn: npt.NDArray[np.float64],
) -> dict[str, npt.NDArray[np.float64]]:
    """Every figure (R,) under each row of draws (R, N).

    The verdicts stay as they are: no threshold is chosen again for a draw.
    """
    fake = labels == 1
    recall = drawn @ (fake & verdicts) / (drawn @ fake)
    alarms = drawn @ (~fake & verdicts) / (drawn @ ~fake)
    tp, fp = recall * prevalence, alarms * (1 - prevalence)  # as in ConfusionMatrix.at_prevalence
    weights = prevalence_weights(labels, prevalence)
    return {
        "auc": resampled_auc(labels, scores, drawn),
        "f1": 2 * tp / (tp + fp + prevalence),
        "precision": np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp + fp > 0),
        "recall": recall,
        "false_positive_rate": alarms,
        "ece": resampled_calibration_error(labels, scores, drawn * weights),
    }


def auc_interval(
    labels: Labels, scores: Floats, groups: Sequence[str], resamples: int = 500, seed: int = 0
) -> Interval:
    """AUC of scores of any scale, with its interval over groups.

    Raises:
        DatasetError: One class is missing.
    """
    need_both_classes(labels)
    draws = group_draws(labels, groups, resamples, seed)
    return Interval.from_draws(np.concatenate([resampled_auc(labels, scores, drawn) for drawn in draws]))


def auc_difference(
    labels: Labels, scores: Floats, others: Floats, groups: Sequence[str], resamples: int = 1000, seed: int = 0
) -> Interval:
    """AUC of scores less that of other scores (N,) of the same images, with its interval over the same draws of groups.

    Raises:
        DatasetError: One class is missing.
    """
    need_both_classes(labels)
    draws = group_draws(labels, groups, resamples, seed)
    apart = [resampled_auc(labels, scores, drawn) - resampled_auc(labels, others, drawn) for drawn in draws]
    return Interval.from_draws(np.concatenate(apart), lowest=-1.0)
