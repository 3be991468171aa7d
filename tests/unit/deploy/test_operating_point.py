"""Temperature and threshold: the known truth is found again, at the asked prevalence."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.deploy.operating_point import fit_operating_point
from edgedf.errors import ConfigError


def drawn(seed: int, images: int = 4000) -> tuple[NDArray[np.uint8], NDArray[np.float32], list[str]]:
    """Labels drawn from calibrated logits, so that the right temperature is 1."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 2, images).astype(np.float32)
    labels = (rng.random(images) < 1 / (1 + np.exp(-logit))).astype(np.uint8)
    return labels, logit, [f"g{i // 2}" for i in range(images)]


def test_overconfident_logits_are_cooled() -> None:
    labels, logit, groups = drawn(0)
    point = fit_operating_point(labels, 3 * logit, groups, "f1")
    assert point.temperature == pytest.approx(3, rel=0.1)
    assert point.evaluation is not None
    assert point.evaluation.ece.value < 0.03


def test_the_threshold_keeps_the_rule_on_the_scores_it_is_used_with() -> None:
    labels, logit, groups = drawn(1)
    point = fit_operating_point(labels, 3 * logit, groups, "recall=.9")
    scores = 1 / (1 + np.exp(-3 * logit / point.temperature))
    assert np.mean(scores[labels == 1] >= point.threshold) == pytest.approx(0.9, abs=0.002)
    assert point.rule == "recall=.9"


def test_a_rarer_fake_needs_a_higher_threshold() -> None:
    labels, logit, groups = drawn(2)
    as_is = fit_operating_point(labels, logit, groups, "f1")
    rare = fit_operating_point(labels, logit, groups, "f1", prevalence=0.05)
    shift = np.log(as_is.threshold / (1 - as_is.threshold)) * as_is.temperature
    assert np.log(rare.threshold / (1 - rare.threshold)) * rare.temperature > shift + 0.3
    assert rare.evaluation is not None
    assert rare.evaluation.prevalence == 0.05


def test_an_unknown_rule_is_refused() -> None:
    labels, logit, groups = drawn(3, images=40)
    with pytest.raises(ConfigError, match="best"):
        fit_operating_point(labels, logit, groups, "best")
