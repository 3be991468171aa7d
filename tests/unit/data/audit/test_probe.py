"""The probe: finds a cue of any shape, and no cue where there is none."""

import numpy as np

from edgedf.data.audit.probe import probe
from edgedf.metrics import auc, auc_interval

RANDOM = np.random.default_rng(0)
LABELS = (np.arange(600) % 2).astype(np.uint8)
GROUPS = [f"group{i // 6}" for i in range(600)]


def test_a_shifted_mean_is_found() -> None:
    values = (RANDOM.normal(0, 1, (600, 3)) + LABELS[:, None] * [0, 0, 2]).astype(np.float32)
    assert auc(LABELS, probe(values, LABELS, GROUPS)) > 0.85


def test_reals_in_the_middle_are_found() -> None:
    """Fakes smaller or larger than reals: no straight line parts them."""
    side = RANDOM.choice([-1, 1], 600)
    values = (np.where(LABELS, 3 * side, 0) + RANDOM.normal(0, 1, 600)).astype(np.float32)[:, None]
    assert auc(LABELS, probe(values, LABELS, GROUPS)) > 0.85


def test_a_missing_value_is_a_cue() -> None:
    values = np.where(LABELS & (RANDOM.random(600) < 0.8), np.nan, 1.0).astype(np.float32)[:, None]
    assert auc(LABELS, probe(values, LABELS, GROUPS)) > 0.85


def test_chance_stays_chance() -> None:
    values = RANDOM.normal(0, 1, (600, 40)).astype(np.float32)
    found = auc_interval(LABELS, probe(values, LABELS, GROUPS), GROUPS, 200)
    assert found.low < 0.5 < found.high


def test_what_only_names_the_group_is_no_cue() -> None:
    """Values known by group: cut through groups, a probe would know each group's label by heart."""
    of_group = RANDOM.integers(0, 2, 100)
    labels = of_group.repeat(6).astype(np.uint8)
    values = RANDOM.normal(0, 1, (100, 40)).repeat(6, 0).astype(np.float32)
    assert auc(labels, probe(values, labels, GROUPS)) < 0.65


def test_one_value_for_all_tells_nothing() -> None:
    scores = probe(np.ones((600, 2), np.float32), LABELS, GROUPS)
    assert auc(LABELS, scores) == 0.5
