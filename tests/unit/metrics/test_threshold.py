"""Threshold rules and cross-fitting."""

import numpy as np
import pytest

from edgedf.errors import ConfigError, DatasetError, InputError
from edgedf.metrics import (
    ConfusionMatrix,
    check_rule,
    choose_threshold,
    cross_fitted_matrix,
    following_threshold,
    prevalence_weights,
)
from edgedf.metrics.arrays import Floats, Labels


def draw(images: int = 400, seed: int = 0) -> tuple[Labels, Floats]:
    """Overlapping scores of reals and fakes."""
    random = np.random.default_rng(seed)
    labels = (random.random(images) < 0.3).astype(np.uint8)
    return labels, np.clip(random.normal(0.4 + 0.2 * labels, 0.15), 0, 1).round(2)


def at(labels: Labels, scores: Floats, threshold: float) -> ConfusionMatrix:
    return ConfusionMatrix.from_verdicts(labels, scores >= threshold)


def test_f1_rule_finds_the_best_of_all_thresholds() -> None:
    labels, scores = draw()
    best = max(at(labels, scores, cut).f1 for cut in np.unique(scores))
    assert at(labels, scores, choose_threshold(labels, scores, "f1")).f1 == pytest.approx(best)


def test_f1_rule_follows_the_prevalence() -> None:
    """Rare fakes call for a higher threshold."""
    labels, scores = draw()
    rare = choose_threshold(labels, scores, "f1", prevalence_weights(labels, 0.02))
    assert rare > choose_threshold(labels, scores, "f1", prevalence_weights(labels, 0.8))


def test_recall_rule_is_the_highest_threshold_that_reaches_it() -> None:
    labels, scores = draw()
    threshold = choose_threshold(labels, scores, "recall=.95")
    assert at(labels, scores, threshold).recall >= 0.95
    assert at(labels, scores, threshold + 0.011).recall < 0.95


def test_fpr_rule_is_the_lowest_threshold_that_keeps_it() -> None:
    labels, scores = draw()
    threshold = choose_threshold(labels, scores, "fpr=.05")
    assert at(labels, scores, threshold).false_positive_rate <= 0.05
    assert at(labels, scores, threshold - 0.011).false_positive_rate > 0.05


def test_cost_rule_has_the_least_cost() -> None:
    labels, scores = draw()

    def cost(threshold: float) -> float:
        matrix = at(labels, scores, threshold)
        return 10 * matrix.fn + matrix.fp

    least = min(cost(cut) for cut in np.unique(scores))
    assert cost(choose_threshold(labels, scores, "cost=10:1")) == pytest.approx(least)


def test_a_false_alarm_too_many_leaves_no_alarm() -> None:
    """fpr=.01 with a real image on top calls nothing fake, and the threshold is above every score."""
    labels, scores = np.array([0, 1, 1], np.uint8), np.array([1.0, 0.8, 0.7])
    assert choose_threshold(labels, scores, "fpr=.01") > 1.0


@pytest.mark.parametrize("rule", ["", "F2", "recall", "recall=2", "fpr=0", "cost=10", "cost=0:0", "recall=.9:1"])
def test_unknown_rules_are_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="threshold rule"):
        check_rule(rule)


def test_rules_are_read_with_their_numbers() -> None:
    assert check_rule("f1") == ("f1", [])
    assert check_rule("recall=.95") == ("recall", [0.95])
    assert check_rule("cost=10:1") == ("cost", [10.0, 1.0])


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        choose_threshold(np.array([0, 1], np.uint8), np.array([0.1, np.nan]), "f1")


def test_a_chosen_threshold_does_not_flatter_noise() -> None:
    """On pure noise the F1 of a threshold chosen on the same images is above that of cross-fitted ones."""
    random = np.random.default_rng(0)
    labels = (random.random(60) < 0.2).astype(np.uint8)
    scores = random.random(60)
    groups = [f"video{i // 2}" for i in range(60)]
    chosen = at(labels, scores, choose_threshold(labels, scores, "f1"))
    fitted = cross_fitted_matrix(labels, scores, groups, "f1")
    assert fitted.total == 60
    assert fitted.f1 < chosen.f1


def test_no_image_helps_to_choose_its_own_threshold() -> None:
    """A group that would choose .625 for itself is judged by the .5 that the others choose."""
    labels = np.array([0, 0, 1, 1] * 3, np.uint8)
    scores = np.array([0.1, 0.2, 0.8, 0.9] * 3)
    groups = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    scores[:4] = [0.55, 0.6, 0.65, 0.7]
    assert cross_fitted_matrix(labels, scores, groups, "f1") == ConfusionMatrix(tn=4, fp=2, fn=0, tp=6)


def test_too_few_groups_are_refused() -> None:
    labels, scores = draw(20)
    with pytest.raises(DatasetError, match="too few groups"):
        cross_fitted_matrix(labels, scores, ["one"] * 20, "f1")


def test_other_scores_of_the_same_faces_call_as_many_fake() -> None:
    """Noise takes as many over the threshold as it takes below it, where the fewest flips would miss fakes."""
    random = np.random.default_rng(0)
    reference = random.beta(1, 4, 5000)  # most faces score low
    scores = reference + random.normal(0, 0.03, 5000)
    threshold = following_threshold(reference, 0.5, scores, np.ones(5000))
    assert (scores >= threshold).sum() == (reference >= 0.5).sum()
    fewest = choose_threshold((reference >= 0.5).astype(np.uint8), scores, "cost=1:1")
    assert (scores >= fewest).sum() < (reference >= 0.5).sum()
    weights = np.where(reference >= 0.6, 3.0, 1.0)
    weighted = following_threshold(reference, 0.5, scores, weights)
    assert weights @ (scores >= weighted) == pytest.approx(weights @ (reference >= 0.5), abs=3)
    assert following_threshold(reference, 2.0, scores, weights) == 2.0  # nothing is called fake
