"""The export gate: what an artefact is worth on the task, against the FP32 graph on the same crops.

Verdicts are cross-fitted over groups: the reference's threshold is chosen by the rule on the other folds, the
artefact's is the one that calls as many fake there as the reference does. The interval of each difference comes from
one bootstrap over groups in which both are drawn alike.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces
from edgedf.metrics import (
    Evaluation,
    Interval,
    choose_threshold,
    cross_fitted,
    cross_fitted_verdicts,
    evaluate_verdicts,
    figure_draws,
    fit_temperature,
    following_threshold,
    prevalence_weights,
)
from edgedf.runtime.engine import scores as scores_of

RESAMPLES = 1000
CHANGES = ("f1", "precision", "recall", "auc")
FEWEST = 20  # fakes of a method or group below which nothing is said about it

Verdict = Literal["passed", "broken", "inconclusive"]


@dataclass(frozen=True)
class Bounds:
    """What an artefact may lose.

    Attributes:
        drop: Of F1 and of recall, below FP32.
        flips: Share of verdicts that are not those of FP32.
    """

    drop: float = 0.005
    flips: float = 0.01


@dataclass(frozen=True)
class Part:
    """Recall on the fakes of one forgery method, or of one group.

    Attributes:
        name: Of the method or group.
        fakes: Number of fakes.
        recall: Of the artefact.
        change: Of recall against FP32.
        flips: Share of flipped verdicts on these fakes.
    """

    name: str
    fakes: int
    recall: float
    change: Interval
    flips: float


@dataclass(frozen=True)
class Gate:
    """The gate's findings; true unless a bound is broken.

    Attributes:
        verdict: `inconclusive` where no bound is broken and the split is too small to exclude it.
        reasons: Why it is not `passed`, a line each.
        threshold: To deploy, chosen on all crops.
        temperature: To deploy: score = sigmoid(logit / temperature).
        rule: How the threshold came about.
        evaluation: Of the artefact.
        f1: Change of F1 against FP32, as are the next three.
        precision: Of precision.
        recall: Of recall.
        auc: Of the area under the ROC curve.
        flips: Share of verdicts that differ, at the stated prevalence.
        largest: Largest change of a score.
        mean: Mean change of a score.
        methods: By forgery method.
        groups: By group of the split.
    """

    verdict: Verdict
    reasons: list[str]
    threshold: float
    temperature: float
    rule: str
    evaluation: Evaluation
    f1: Interval
    precision: Interval
    recall: Interval
    auc: Interval
    flips: float
    largest: float
    mean: float
    methods: list[Part]
    groups: list[Part]

    def __bool__(self) -> bool:
        """Whether the artefact may be written."""
        return self.verdict != "broken"

    def summary(self) -> dict[str, Any]:
        """JSON-able form for a manifest, which has the evaluation already and names nobody's group."""
        return {key: value for key, value in asdict(self).items() if key not in ("evaluation", "groups")}


def judge(
    faces: PackedFaces,
    reference: NDArray[np.float32],
    logit: NDArray[np.float32],
    rule: str,
    prevalence: float | None,
    bounds: Bounds,
) -> Gate:
    """Judges an artefact.

    Args:
        faces: The gate's split.
        reference: Logits (N,) of the FP32 graph.
        logit: Logits (N,) of the artefact, in its own runtime.
        rule: Chooses the threshold of FP32.
        prevalence: Share of fakes to fit for and to state figures at; the split's own when None.
        bounds: What may be lost.
    """
    labels, groups = faces.labels, faces.groups
    weights = prevalence_weights(labels, prevalence)
    stated = float(np.average(labels, weights=weights))
    temperature = fit_temperature(labels, logit, weights)
    before_scores = scores_of(reference, fit_temperature(labels, reference, weights))
    after_scores = scores_of(logit, temperature)

    def follow(some: NDArray[np.bool_]) -> float:
        stating = prevalence_weights(labels[some], prevalence)  # as for the reference's own thresholds
        chosen = choose_threshold(labels[some], before_scores[some], rule, stating)
        return following_threshold(before_scores[some], chosen, after_scores[some], stating)

    before = cross_fitted_verdicts(labels, before_scores, groups, rule, prevalence)
    after = cross_fitted(labels, after_scores, groups, follow)
    draws = [
        figure_draws(labels, scores, groups, verdicts, stated)
        for scores, verdicts in ((before_scores, before), (after_scores, after))
    ]
    changes = figure_changes(*draws)
    methods, by_group = (_parts(names, faces, before, after) for names in (faces.methods, groups))
    flips = float(np.average(before != after, weights=weights))
    moved = np.abs(after_scores - before_scores)
    threshold = follow(np.ones(len(labels), np.bool_))
    how = f"{rule}, cross-fitted, following FP32"
    broken = _broken(changes, flips, {"method": methods, "group": by_group}, bounds)
    unsure = _unsure(changes, int(labels.sum()), bounds)
    return Gate(
        verdict="broken" if broken else "inconclusive" if unsure else "passed",
        reasons=broken or unsure,
        threshold=threshold,
        temperature=temperature,
        rule=rule,
        evaluation=evaluate_verdicts(labels, after_scores, groups, after, threshold, how, prevalence),
        flips=flips,
        largest=float(moved.max()),
        mean=float(moved.mean()),
        methods=methods,
        groups=by_group,
        **changes,
    )


def figure_changes(
    before: Mapping[str, NDArray[np.float64]], after: Mapping[str, NDArray[np.float64]]
) -> dict[str, Interval]:
    """How the `CHANGES` differ between two results of `figure_draws` that are of the same draws of groups."""
    return {name: Interval.from_draws(after[name] - before[name], lowest=-1.0) for name in CHANGES}


def _parts(names: Sequence[str], faces: PackedFaces, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[Part]:
    """Recall on the fakes of each name, where there are enough of them."""
    found = []
    of = np.asarray(names)
    for name in sorted(set(of[faces.labels == 1].tolist()) - {""}):
        some = (faces.labels == 1) & (of == name)
        count = int(some.sum())
        if count < FEWEST:
            continue
        change = after[some].astype(np.float64) - before[some]
        # Of single faces: a group cannot be drawn from itself, and most methods here are of few groups.
        drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
        interval = Interval.from_draws(np.r_[change.mean(), change[drawn].mean(1)], lowest=-1.0)
        found.append(Part(str(name), count, float(after[some].mean()), interval, float((change != 0).mean())))
    return found


def _broken(changes: dict[str, Interval], flips: float, parts: dict[str, list[Part]], bounds: Bounds) -> list[str]:
    """The bounds that are broken: overall by the figure itself, of a method or group where it is beyond doubt."""
    reasons = [
        f"{name} is {-changes[name].value:.4f} below FP32, more than {bounds.drop:g}"
        for name in ("f1", "recall")
        if changes[name].value < -bounds.drop
    ]
    if flips > bounds.flips:
        reasons.append(f"{flips:.2%} of the verdicts flipped, more than {bounds.flips:.2%}")
    for kind, some in parts.items():
        reasons += [
            f"recall on {part.fakes} fakes of {kind} {part.name} is {part.change} against FP32"
            for part in some
            if _highest(part, len(some)) < -bounds.drop
        ]
    return reasons


def _highest(part: Part, parts: int) -> float:
    """Upper end of the change of recall, such that of all parts together one in 40 has a higher one by chance.

    Of 36 groups that lose nothing one would be below its own 95 % interval (Bonferroni). Verdicts change by -1, 0 or 1,
    so that their mean square is the share of flips.
    """
    far = NormalDist().inv_cdf(1 - 0.025 / parts)
    return part.change.value + far * math.sqrt((part.flips - part.change.value**2) / part.fakes)


def _unsure(changes: dict[str, Interval], fakes: int, bounds: Bounds) -> list[str]:
    """Figures whose interval reaches below the bound, and how many fakes it would take to tell."""
    reasons = []
    # Where no verdict on a fake moved, a bootstrap draws the same again. What never happened in n cases may happen in
    # 3 of n (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 1983).
    if fakes < (enough := math.ceil(3 / bounds.drop)):
        reasons.append(f"nothing can be told of {fakes:,} fakes: give {enough:,} or more")
    for name in ("f1", "recall"):
        change = changes[name]
        if change.low >= -bounds.drop:
            continue
        # An interval narrows with the root of the number of fakes.
        needed = fakes * ((change.value - change.low) / max(change.value + bounds.drop, 1e-4)) ** 2
        reasons.append(f"{name} changes by {change}: about {needed:,.0f} fakes would tell, here are {fakes:,}")
    return reasons
