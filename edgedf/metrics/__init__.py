"""Metrics: one confusion matrix, everything else from it, each with its interval.

Everywhere: labels are uint8 (N,), 1 = fake; scores are P(fake) in [0, 1], float (N,); groups name the source
video or identity, one str an image; an image is called fake when `score >= threshold`.
"""

from edgedf.metrics.bootstrap import Interval, group_draws, mean_interval
from edgedf.metrics.change import change, times_as_fast
from edgedf.metrics.evaluation import (
    FIGURES,
    WORTH,
    Evaluation,
    auc_difference,
    auc_interval,
    evaluate,
    evaluate_verdicts,
    figure_draws,
)
from edgedf.metrics.matrix import ConfusionMatrix, check_prevalence, prevalence_weights
from edgedf.metrics.ranking import auc, expected_calibration_error, fit_temperature, sigmoid
from edgedf.metrics.threshold import (
    check_rule,
    choose_threshold,
    cross_fitted,
    cross_fitted_matrix,
    cross_fitted_verdicts,
    following_threshold,
)

__all__ = [
    "FIGURES",
    "WORTH",
    "ConfusionMatrix",
    "Evaluation",
    "Interval",
    "auc",
    "auc_difference",
    "auc_interval",
    "change",
    "check_prevalence",
    "check_rule",
    "choose_threshold",
    "cross_fitted",
    "cross_fitted_matrix",
    "cross_fitted_verdicts",
    "evaluate",
    "evaluate_verdicts",
    "expected_calibration_error",
    "figure_draws",
    "fit_temperature",
    "following_threshold",
    "group_draws",
    "mean_interval",
    "prevalence_weights",
    "sigmoid",
    "times_as_fast",
]
