"""Rules that choose a threshold, and their honest use on the data they are reported on."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from edgedf.errors import ConfigError, DatasetError
from edgedf.metrics.arrays import Floats, Labels, as_weights, finite, need_both_classes
from edgedf.metrics.matrix import ConfusionMatrix, prevalence_weights

_NUMBER = r"(\d+\.?\d*|\.\d+)"
_RULE = re.compile(rf"(?P<f1>f1)|recall={_NUMBER}|fpr={_NUMBER}|cost={_NUMBER}:{_NUMBER}")


def check_rule(rule: str) -> tuple[str, list[float]]:
    """Name and numbers of a threshold rule: `cost=10:1` is ("cost", [10, 1]), `f1` is ("f1", []).

    Raises:
        ConfigError: There is no such rule, or a number of it is out of range.
    """
    match = _RULE.fullmatch(rule.strip())
    if match is None:
        raise ConfigError(f"threshold rule {rule!r} is unknown: give f1, recall=.95, fpr=.01 or cost=10:1")
    name = rule.strip().split("=")[0]
    numbers = [float(text) for text in match.groups()[1:] if text is not None]
    if name in ("recall", "fpr") and not 0 < numbers[0] < 1:
        raise ConfigError(f"threshold rule {rule!r}: give a number between 0 and 1")
    if name == "cost" and not sum(numbers) > 0:
        raise ConfigError(f"threshold rule {rule!r}: one of the costs must be above 0")
    return name, numbers


def choose_threshold(labels: Labels, scores: Floats, rule: str, weights: Floats | None = None) -> float:
    """The threshold a rule chooses.

    Args:
        labels: uint8 (N,), 1 = fake.
        scores: P(fake), float (N,).
        rule: "f1": the largest F1; "recall=R": the highest threshold that still finds the share R of the
            fakes; "fpr=P": the lowest that calls at most the share P of the reals fake; "cost=M:A": the least
            cost when a missed fake costs M and a false alarm A.
        weights: Weight of each image, as from `prevalence_weights`.

    Raises:
        ConfigError: There is no such rule.
        DatasetError: Only one class is there.
    """
    name, numbers = check_rule(rule)
    need_both_classes(labels)
    cuts, tp, fp = _sweep(labels, finite(scores), as_weights(labels, weights))
    fakes, reals = tp[-1], fp[-1]
    slack = 1e-9  # sums of weights are not exact
    if name == "f1":
        best = np.argmax(2 * tp / (tp + fp + fakes))
    elif name == "recall":
        best = np.argmax(tp >= (numbers[0] - slack) * fakes)
    elif name == "fpr":
        best = np.flatnonzero(fp <= (numbers[0] + slack) * reals)[-1]
    else:
        best = np.argmin(numbers[0] * (fakes - tp) + numbers[1] * fp)
    return float(cuts[best])


def _sweep(
    labels: Labels, scores: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Thresholds, falling, and the weight of fakes and of reals at or above each: (distinct scores + 1,)."""
    values, place = np.unique(-scores, return_inverse=True)
    tops = -values
    fake = np.asarray(labels) == 1
    tp = np.cumsum(np.bincount(place, weights * fake, len(tops)))
    fp = np.cumsum(np.bincount(place, weights * ~fake, len(tops)))
    # Half-way between neighbours, so that a score that moves in its last digit keeps its verdict.
    cuts = np.r_[np.nextafter(tops[0], np.inf), (tops[:-1] + tops[1:]) / 2, tops[-1]]
    return cuts, np.r_[0.0, tp], np.r_[0.0, fp]


def cross_fitted_verdicts(
    labels: Labels, scores: Floats, groups: Sequence[str], rule: str, prevalence: float | None, folds: int = 5
) -> npt.NDArray[np.bool_]:
    """Verdicts (N,), each by a threshold that a rule chose without the image's own fold of groups.

    Raises:
        ConfigError: There is no such rule.
        DatasetError: Too few groups to choose on some and report on others.
    """
    check_rule(rule)
    labels, scores = np.asarray(labels), finite(scores)

    def choose(some: npt.NDArray[np.bool_]) -> float:
        return choose_threshold(labels[some], scores[some], rule, prevalence_weights(labels[some], prevalence))

    return cross_fitted(labels, scores, groups, choose, folds)


def cross_fitted(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    choose: Callable[[npt.NDArray[np.bool_]], float],
    folds: int = 5,
) -> npt.NDArray[np.bool_]:
    """Verdicts (N,), each by the threshold that `choose` gives for the images (N,) outside of its fold of groups.

    Raises:
        DatasetError: Too few groups to choose on some and report on others.
    """
    fold_of = _folds(labels, groups, folds)
    verdicts = np.zeros(len(labels), np.bool_)
    for fold in range(fold_of.max() + 1):
        own = fold_of == fold
        try:
            verdicts[own] = scores[own] >= choose(~own)
        except DatasetError as error:
            raise DatasetError(
                "too few groups of one class to cross-fit a threshold: use more data or give the threshold"
            ) from error
    return verdicts


def following_threshold(reference: Floats, threshold: float, scores: Floats, weights: Floats) -> float:
    """The threshold at which other scores (N,) call as much weight (N,) fake as reference scores (N,) do.

    A rule such as `f1` has many nearly equal optima: applied anew to almost the same scores it may settle far off,
    and the two could no longer be compared. The fewest flips would be had a little higher, where fewer faces are, at
    the cost of fakes: .006 to .007 of recall on three students, with AUC as before.
    """
    verdicts = (reference >= threshold).astype(np.uint8)
    if np.ptp(verdicts) == 0:  # all are called the same
        return threshold
    weights = as_weights(verdicts, weights)
    cuts, kept, new = _sweep(verdicts, finite(scores), weights)
    return float(cuts[np.argmin(np.abs(kept + new - weights @ verdicts))])


def _folds(labels: Labels, groups: Sequence[str], folds: int) -> npt.NDArray[np.intp]:
    """Fold (N,) of each image: groups in order of their share of fakes, dealt out in turn."""
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    share = np.bincount(group_of, labels == 1) / np.bincount(group_of)
    turn = np.empty(len(names), np.intp)
    turn[np.argsort(share, kind="stable")] = np.arange(len(names)) % min(folds, len(names))
    return turn[group_of]


def cross_fitted_matrix(
    labels: Labels,
    scores: Floats,
    groups: Sequence[str],
    rule: str,
    prevalence: float | None = None,
    folds: int = 5,
) -> ConfusionMatrix:
    """Raw counts of verdicts whose thresholds were chosen on the other folds of groups.

    Choosing a threshold on the images it is reported on flatters F1; this does not. The prevalence weighs
    only the choice.
    """
    return ConfusionMatrix.from_verdicts(labels, cross_fitted_verdicts(labels, scores, groups, rule, prevalence, folds))
