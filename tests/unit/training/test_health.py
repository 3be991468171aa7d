"""The collapse watch."""

import dataclasses

import numpy as np
import pytest

from edgedf.training.health import EpochHealth, warnings_for

RANDOM = np.random.default_rng(0)
LABELS = (np.arange(400) < 68).astype(np.uint8)
WELL = EpochHealth(
    loss=0.3,
    constant_loss=0.456,
    gradient_norms=[0.5] * 10,
    logits=(RANDOM.normal(0, 1, 400) + 3 * LABELS - 3).astype(np.float32),
    labels=LABELS,
    threshold=0.4,
)


def test_a_run_that_learns_is_left_alone() -> None:
    assert warnings_for(WELL) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": 0.456}, "no better than a constant guess"),
        ({"logits": np.full(400, -3, np.float32)}, "all of val is called real"),
        ({"logits": np.full(400, 3, np.float32)}, "all of val is called fake"),
        ({"logits": RANDOM.normal(-1.6, 0.005, 400).astype(np.float32)}, "hardly differ"),
        ({"threshold": 0.85}, "recall"),
        ({"threshold": 0.005}, "of val is called fake"),
        ({"gradient_norms": [1e-7] * 10}, "gradients vanish"),
    ],
)
def test_each_sign_is_told(change: dict[str, object], message: str) -> None:
    assert any(message in warning for warning in warnings_for(dataclasses.replace(WELL, **change)))  # type: ignore[arg-type]
