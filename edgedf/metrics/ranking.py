"""What scores are worth before any threshold: ranking and calibration."""

import numpy as np
import numpy.typing as npt

from edgedf.metrics.arrays import Floats, Labels, as_weights, need_both_classes

# A temperature beyond these tells of unusable logits or too small a set, not of a scale.
COLDEST, HOTTEST = 0.1, 10.0


def sigmoid(logits: Floats) -> npt.NDArray[np.float64]:
    """Logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, np.float64))))


def auc(labels: Labels, scores: Floats, weights: Floats | None = None) -> float:
    """Area under the ROC curve: the chance that a fake scores above a real one, ties count half.

    Raises:
        DatasetError: Only one class is there.
    """
    need_both_classes(labels)
    return float(resampled_auc(labels, scores, as_weights(labels, weights)[None])[0])


def resampled_auc(labels: Labels, scores: Floats, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """AUC (R,) under each row of the weights (R, N)."""
    order = np.argsort(scores, kind="stable")
    ordered = np.asarray(scores)[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # first of each run of ties
    fake = np.asarray(labels)[order] == 1
    fakes = np.add.reduceat(weights[:, order] * fake, starts, axis=1)  # (R, distinct scores)
    reals = np.add.reduceat(weights[:, order] * ~fake, starts, axis=1)
    below = np.cumsum(reals, axis=1) - reals / 2
    area = np.sum(fakes * below, axis=1) / (fakes.sum(axis=1) * reals.sum(axis=1))
    return np.asarray(area, np.float64)


def expected_calibration_error(labels: Labels, scores: Floats, weights: Floats | None = None, bins: int = 15) -> float:
    """Mean gap between P(fake) and the share of fakes, over `bins` equal bins of the score.

    The binary form of Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """
    return float(resampled_calibration_error(labels, scores, as_weights(labels, weights)[None], bins)[0])


def resampled_calibration_error(
    labels: Labels, scores: Floats, weights: npt.NDArray[np.float64], bins: int = 15
) -> npt.NDArray[np.float64]:
    """Calibration error (R,) under each row of the weights (R, N)."""
    values = np.asarray(scores, np.float64)
    bin_of = np.clip((values * bins).astype(int), 0, bins - 1)
    gaps = np.zeros((len(values), bins))
    gaps[np.arange(len(values)), bin_of] = (np.asarray(labels) == 1) - values
    error = np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)
    return np.asarray(error, np.float64)


def fit_temperature(labels: Labels, logits: Floats, weights: Floats | None = None) -> float:
    """Temperature in [0.1, 10] under which `sigmoid(logit / temperature)` has the least log-loss.

    Guo et al., "On Calibration of Modern Neural Networks" (2017). The loss is convex in the inverse
    temperature, so bisecting its slope finds the one minimum.
    """
    values, share = np.asarray(logits, np.float64), as_weights(labels, weights)
    low, high = np.log(1 / HOTTEST), np.log(1 / COLDEST)
    for _ in range(50):
        middle = (low + high) / 2
        slope = np.sum(share * values * (sigmoid(np.exp(middle) * values) - np.asarray(labels)))
        low, high = (low, middle) if slope > 0 else (middle, high)
    return float(np.exp(-(low + high) / 2))
