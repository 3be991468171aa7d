"""The export gate: what an artefact is worth on the task, against the FP32 graph on the same crops.

Verdicts are cross-fitted over groups: the reference's threshold is chosen by the rule on the other folds, the
artefact's is the one that calls as many fake there as the reference does. The interval of each difference comes from
one bootstrap over groups in which both are drawn alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces
from edgedf.deploy.bounds import Bounds, Part, Verdict, verdict_within
from edgedf.metrics import (
    WORTH,
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
FEWEST = 20  # fakes of a method or group below which nothing is said about it


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


class _Called(NamedTuple):
    """What a graph says of the faces.

    Attributes:
        scores: `(N,)`, P(fake).
        verdicts: `(N,)`, whether each is called fake.
    """

    scores: NDArray[np.float32]
    verdicts: NDArray[np.bool_]


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
    temperature = fit_temperature(labels, logit, weights)
    scores = scores_of(reference, fit_temperature(labels, reference, weights)), scores_of(logit, temperature)
    follow = partial(_following, labels, *scores, rule, prevalence)
    before = _Called(scores[0], cross_fitted_verdicts(labels, scores[0], groups, rule, prevalence))
    after = _Called(scores[1], cross_fitted(labels, scores[1], groups, follow))
    stated = float(np.average(labels, weights=weights))
    draws = [figure_draws(labels, one.scores, groups, one.verdicts, stated) for one in (before, after)]
    changes = figure_changes(*draws)
    flips = float(np.average(before.verdicts != after.verdicts, weights=weights))
    methods, by_group = (_parts(names, labels, before, after) for names in (faces.methods, groups))
    parts = {"method": methods, "group": by_group}
    verdict, reasons = verdict_within(bounds, changes, flips, parts, int(labels.sum()))
    threshold = follow(np.ones(len(labels), np.bool_))
    how = f"{rule}, cross-fitted, following FP32"
    moved = np.abs(after.scores - before.scores)
    return Gate(
        verdict=verdict,
        reasons=reasons,
        threshold=threshold,
        temperature=temperature,
        rule=rule,
        evaluation=evaluate_verdicts(labels, after.scores, groups, after.verdicts, threshold, how, prevalence),
        flips=flips,
        largest=float(moved.max()),
        mean=float(moved.mean()),
        methods=methods,
        groups=by_group,
        **changes,
    )


def _following(
    labels: NDArray[np.uint8],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    rule: str,
    prevalence: float | None,
    some: NDArray[np.bool_],
) -> float:
    """The threshold by which the artefact calls as many of some faces fake as FP32 does by its own."""
    weights = prevalence_weights(labels[some], prevalence)  # as for the reference's own thresholds
    chosen = choose_threshold(labels[some], before[some], rule, weights)
    return following_threshold(before[some], chosen, after[some], weights)


def figure_changes(
    before: Mapping[str, NDArray[np.float64]], after: Mapping[str, NDArray[np.float64]]
) -> dict[str, Interval]:
    """How `WORTH` differs between two results of `figure_draws` that are of the same draws of groups."""
    return {name: Interval.from_draws(after[name] - before[name], lowest=-1.0) for name in WORTH}


def _parts(names: Sequence[str], labels: NDArray[np.uint8], before: _Called, after: _Called) -> list[Part]:
    """Recall on the fakes of each name, where there are enough of them."""
    found = []
    of = np.asarray(names)
    for name in sorted(set(of[labels == 1].tolist()) - {""}):
        some = (labels == 1) & (of == name)
        count = int(some.sum())
        if count < FEWEST:
            continue
        change = after.verdicts[some].astype(np.float64) - before.verdicts[some]
        # Of single faces: a group cannot be drawn from itself, and most methods here are of few groups.
        drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
        interval = Interval.from_draws(np.r_[change.mean(), change[drawn].mean(1)], lowest=-1.0)
        found.append(Part(str(name), count, float(after.verdicts[some].mean()), interval, float((change != 0).mean())))
    return found
