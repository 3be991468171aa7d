"""Evaluations: figures that follow from their matrix, and honest intervals."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from edgedf.errors import ConfigError, DatasetError, InputError, InternalError
from edgedf.metrics import ConfusionMatrix, Evaluation, Interval, auc, auc_difference, auc_interval, evaluate
from edgedf.metrics.arrays import Floats, Labels


def draw(images: int = 600, per_group: int = 3, seed: int = 0) -> tuple[Labels, Floats, list[str]]:
    """Images of a group share a part of their score."""
    random = np.random.default_rng(seed)
    groups = np.arange(images) // per_group
    labels = (random.random(groups.max() + 1) < 0.4).astype(np.uint8)[groups]
    shared = random.normal(0, 0.1, groups.max() + 1)[groups]
    scores = np.clip(0.4 + 0.2 * labels + shared + random.normal(0, 0.1, images), 0, 1)
    return labels, scores, [f"group{i}" for i in groups]


def test_given_threshold_is_used_as_it_is() -> None:
    labels, scores, groups = draw()
    result = evaluate(labels, scores, groups, threshold=0.5)
    assert (result.threshold, result.rule) == (0.5, "given")
    assert result.matrix == ConfusionMatrix.from_verdicts(labels, scores >= 0.5)
    assert result.f1.value == pytest.approx(result.matrix.f1)
    assert result.auc.value == pytest.approx(auc(labels, scores))
    assert (result.images, result.fakes, result.groups) == (600, int(labels.sum()), 200)


def test_rule_is_cross_fitted_and_said_so() -> None:
    labels, scores, groups = draw()
    result = evaluate(labels, scores, groups, rule="recall=.9")
    assert result.rule == "recall=.9, cross-fitted"
    assert result.recall.value == pytest.approx(0.9, abs=0.05)


def test_precision_and_f1_are_stated_at_the_prevalence() -> None:
    labels, scores, groups = draw()
    own = evaluate(labels, scores, groups, threshold=0.5)
    rare = evaluate(labels, scores, groups, threshold=0.5, prevalence=0.05)
    assert own.matrix == rare.matrix
    assert rare.prevalence == 0.05
    assert rare.f1.value == pytest.approx(own.matrix.at_prevalence(0.05).f1)
    assert rare.f1.value < own.f1.value
    assert rare.recall == own.recall
    assert rare.auc == own.auc


def test_intervals_hold_the_value_and_repeat_with_the_seed() -> None:
    labels, scores, groups = draw()
    first, again, other = (evaluate(labels, scores, groups, rule="f1", seed=seed) for seed in (0, 0, 1))
    for name in ("auc", "f1", "precision", "recall", "false_positive_rate"):
        interval: Interval = getattr(first, name)
        assert interval.low < interval.value < interval.high, name
    assert first == again
    assert first.f1 != other.f1


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """One standard deviation below the mean of the fakes recall is .841; of 40 intervals most hold it."""
    hits = 0
    for seed in range(40):
        labels, scores, groups = draw(300, per_group=1, seed=seed)
        recall = evaluate(labels, scores, groups, threshold=0.6 - np.hypot(0.1, 0.1), resamples=200).recall
        hits += recall.low <= 0.8413 <= recall.high
    assert hits >= 34


def test_images_of_one_group_do_not_count_as_independent() -> None:
    """Each image ten times over, in its own group, leaves the interval as wide as it was."""
    labels, scores, groups = draw(200, per_group=1)
    once = evaluate(labels, scores, groups, threshold=0.5).f1
    many = evaluate(labels.repeat(10), scores.repeat(10), np.repeat(groups, 10).tolist(), threshold=0.5).f1
    assert many.high - many.low == pytest.approx(once.high - once.low, rel=0.05)


def test_one_group_tells_nothing_of_how_it_varies() -> None:
    labels, scores, _ = draw(20)
    result = evaluate(labels, scores, ["one"] * 20, threshold=0.5)
    assert (result.f1.low, result.f1.high) == (0.0, 1.0)


def test_draws_without_a_class_are_left_out() -> None:
    """With two groups a class, one draw in eight misses one of them; no figure becomes nan."""
    labels = np.array([0, 0, 1, 1], np.uint8)
    result = evaluate(labels, np.array([0.1, 0.6, 0.4, 0.9]), list("abcd"), threshold=0.5)
    assert np.isfinite(dataclasses.astuple(result.f1)).all()
    assert np.isfinite(dataclasses.astuple(result.auc)).all()


def test_scores_at_the_ends_are_binned() -> None:
    labels = np.array([0, 1, 0, 1], np.uint8)
    result = evaluate(labels, np.array([0.0, 1.0, 0.0, 1.0], np.float32), list("abcd"), threshold=0.5)
    assert result.ece.value == 0.0


@pytest.mark.parametrize("choice", [{}, {"rule": "f1", "threshold": 0.5}])
def test_threshold_or_rule_but_not_both(choice: dict[str, Any]) -> None:
    labels, scores, groups = draw()
    with pytest.raises(ConfigError, match="either"):
        evaluate(labels, scores, groups, **choice)


def test_one_class_is_refused() -> None:
    with pytest.raises(DatasetError, match="both classes"):
        evaluate(np.ones(3, np.uint8), np.ones(3), list("abc"), threshold=0.5)


def test_json_there_and_back() -> None:
    labels, scores, groups = draw()
    result = evaluate(labels, scores, groups, rule="f1", prevalence=0.17)
    assert Evaluation.from_dict(json.loads(json.dumps(result.to_dict()))) == result


@pytest.mark.parametrize("name", ["f1", "precision", "recall", "false_positive_rate"])
def test_a_figure_that_contradicts_the_matrix_cannot_be_stated(name: str) -> None:
    labels, scores, groups = draw()
    result = evaluate(labels, scores, groups, threshold=0.5)
    with pytest.raises(InternalError, match=f"{name}.*contradicts"):
        Evaluation(**{**vars(result), name: Interval(0.999, 0.9, 1.0)})
    edited = result.to_dict()
    edited[name]["value"] = 0.999
    with pytest.raises(InputError, match="contradicts"):
        Evaluation.from_dict(edited)


@pytest.mark.parametrize("change", [{"extra": 1}, {"f1": None}, {"matrix": {}}])
def test_what_is_no_evaluation_is_refused(change: dict[str, Any]) -> None:
    labels, scores, groups = draw()
    data = evaluate(labels, scores, groups, threshold=0.5).to_dict()
    with pytest.raises(InputError, match="evaluation"):
        Evaluation.from_dict({**data, **change})


def test_a_difference_of_auc_is_of_the_same_draws() -> None:
    """Models that err on the same groups differ by far less than the interval of either is wide."""
    labels, scores, groups = draw()
    worse = scores + np.random.default_rng(1).normal(0, 0.02, len(scores))
    found = auc_difference(labels, worse, scores, groups)
    assert found.value == pytest.approx(auc(labels, worse) - auc(labels, scores))
    assert found.low < found.value < found.high
    alone = auc_interval(labels, scores, groups)
    assert found.high - found.low < (alone.high - alone.low) / 2
    assert auc_difference(labels, scores, scores, groups) == Interval(0, 0, 0)
    assert auc_difference(labels, scores, worse, ["one"] * len(labels)).low == -1  # nothing is known of one group
