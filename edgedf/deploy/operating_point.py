"""Temperature and threshold of one artefact, fitted on the outputs of its own runtime."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedf.metrics import Evaluation, evaluate, fit_temperature, prevalence_weights
from edgedf.runtime.engine import scores


@dataclass(frozen=True)
class OperatingPoint:
    """How an artefact's logits become verdicts, and what these are worth.

    Attributes:
        temperature: Score = sigmoid(logit / temperature).
        threshold: A score from here on is called fake.
        rule: How the threshold was chosen.
        evaluation: On the data of the fit, cross-fitted over groups; None where nothing was fitted.
    """

    temperature: float
    threshold: float
    rule: str
    evaluation: Evaluation | None


def fit_operating_point(
    labels: NDArray[np.uint8],
    logit: NDArray[np.float32],
    groups: Sequence[str],
    rule: str,
    prevalence: float | None = None,
) -> OperatingPoint:
    """Fits the temperature, then chooses the threshold on the scores that follow.

    Args:
        labels: uint8 `(N,)`, 1 is fake.
        logit: Of the artefact in its own runtime, `(N,)`.
        groups: Source video or identity of each crop.
        rule: `f1`, `recall=.95`, `fpr=.01` or `cost=10:1`.
        prevalence: Share of fakes to fit for; that of the data when None.
    """
    temperature = fit_temperature(labels, logit, prevalence_weights(labels, prevalence))
    evaluation = evaluate(labels, scores(logit, temperature), groups, rule=rule, prevalence=prevalence)
    return OperatingPoint(temperature, evaluation.threshold, rule, evaluation)
