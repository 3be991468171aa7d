"""The confusion matrix and its weights."""

import numpy as np
import pytest

from edgedf.errors import ConfigError, DatasetError
from edgedf.metrics import ConfusionMatrix, prevalence_weights


def test_figures_follow_the_textbook() -> None:
    matrix = ConfusionMatrix(tn=50, fp=10, fn=5, tp=35)
    assert matrix.total == 100
    assert matrix.prevalence == pytest.approx(0.40)
    assert matrix.precision == pytest.approx(35 / 45)
    assert matrix.recall == pytest.approx(35 / 40)
    assert matrix.false_positive_rate == pytest.approx(10 / 60)
    assert matrix.accuracy == pytest.approx(0.85)
    assert matrix.f1 == pytest.approx(2 * (35 / 45) * (35 / 40) / (35 / 45 + 35 / 40))


def test_nothing_divided_by_nothing_is_zero() -> None:
    matrix = ConfusionMatrix(0, 0, 0, 0)
    assert (matrix.precision, matrix.recall, matrix.f1, matrix.accuracy, matrix.prevalence) == (0, 0, 0, 0, 0)


def test_verdicts_are_counted_cell_by_cell() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 1], np.uint8)
    verdicts = np.array([0, 0, 1, 0, 1, 1, 1], np.bool_)
    assert ConfusionMatrix.from_verdicts(labels, verdicts) == ConfusionMatrix(tn=2, fp=1, fn=1, tp=3)


def test_another_prevalence_keeps_recall_false_positive_rate_and_total() -> None:
    matrix = ConfusionMatrix(tn=50, fp=10, fn=5, tp=35)
    moved = matrix.at_prevalence(0.17)
    assert moved.prevalence == pytest.approx(0.17)
    assert moved.recall == pytest.approx(matrix.recall)
    assert moved.false_positive_rate == pytest.approx(matrix.false_positive_rate)
    assert moved.total == pytest.approx(100)
    assert moved.precision < matrix.precision


def test_reweighting_agrees_with_the_matrix_at_that_prevalence() -> None:
    """Weighing images and moving the matrix are two ways to the same figures."""
    random = np.random.default_rng(0)
    labels = (random.random(200) < 0.6).astype(np.uint8)
    verdicts = random.random(200) < 0.5
    weights = prevalence_weights(labels, 0.17)
    assert weights.mean() == pytest.approx(1)
    assert np.average(labels, weights=weights) == pytest.approx(0.17)
    weighted = ConfusionMatrix.from_verdicts(labels, verdicts, weights)
    assert weighted.f1 == pytest.approx(ConfusionMatrix.from_verdicts(labels, verdicts).at_prevalence(0.17).f1)


def test_no_prevalence_leaves_every_image_at_one() -> None:
    assert prevalence_weights(np.array([0, 1, 1], np.uint8), None).tolist() == [1, 1, 1]


@pytest.mark.parametrize("prevalence", [0.0, 1.0, 17.0, -0.1])
def test_impossible_prevalence_is_refused(prevalence: float) -> None:
    with pytest.raises(ConfigError, match="prevalence"):
        prevalence_weights(np.array([0, 1], np.uint8), prevalence)


def test_one_class_cannot_be_reweighted() -> None:
    with pytest.raises(DatasetError, match="both classes"):
        prevalence_weights(np.ones(3, np.uint8), 0.5)
