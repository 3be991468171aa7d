"""AUC, calibration error and temperature."""

import numpy as np
import pytest

from edgedf.errors import DatasetError
from edgedf.metrics import auc, expected_calibration_error, fit_temperature, sigmoid


def test_auc_is_the_share_of_pairs_in_order_with_ties_at_half() -> None:
    random = np.random.default_rng(0)
    labels = (random.random(80) < 0.4).astype(np.uint8)
    scores = random.integers(0, 10, 80) / 10  # many ties
    fakes, reals = scores[labels == 1], scores[labels == 0]
    pairs = (fakes[:, None] > reals) + 0.5 * (fakes[:, None] == reals)
    assert auc(labels, scores) == pytest.approx(pairs.mean())


def test_a_weight_of_two_is_the_image_twice() -> None:
    labels, scores = np.array([0, 1, 0, 1], np.uint8), np.array([0.1, 0.4, 0.5, 0.9])
    twice = np.array([0, 1, 2, 2, 3])
    weights = np.array([1.0, 1.0, 2.0, 1.0])
    assert auc(labels, scores, weights) == pytest.approx(auc(labels[twice], scores[twice]))


def test_auc_of_one_class_is_refused() -> None:
    with pytest.raises(DatasetError, match="both classes"):
        auc(np.zeros(4, np.uint8), np.arange(4.0))


def test_calibration_error_of_a_constant_score_is_its_distance_from_the_share_of_fakes() -> None:
    labels = np.array([1, 1, 1, 0], np.uint8)
    assert expected_calibration_error(labels, np.full(4, 0.5)) == pytest.approx(0.25)
    assert expected_calibration_error(labels, np.full(4, 0.75)) == pytest.approx(0.0)


def test_sure_and_right_scores_are_calibrated() -> None:
    labels = np.array([0, 1, 1], np.uint8)
    assert expected_calibration_error(labels, labels.astype(np.float32)) == 0.0


def test_sigmoid_takes_large_logits_without_overflow() -> None:
    assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature_is_recovered_from_logits_scaled_by_it(truth: float) -> None:
    random = np.random.default_rng(1)
    logits = random.normal(0, 2, 40_000)
    labels = (random.random(len(logits)) < sigmoid(logits)).astype(np.uint8)
    assert fit_temperature(labels, logits * truth) == pytest.approx(truth, rel=0.05)


def test_temperature_stays_in_its_range_when_the_classes_separate() -> None:
    labels = np.array([0, 1], np.uint8)
    assert fit_temperature(labels, np.array([-1.0, 1.0])) == pytest.approx(0.1)
    assert fit_temperature(labels, np.array([1.0, -1.0])) == pytest.approx(10.0)
