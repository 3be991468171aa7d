"""The collapse watch: says in the epoch it happens that a run has stopped learning, and what it saw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EpochHealth:
    """What the watch looks at after an epoch.

    Attributes:
        loss: Mean label loss in training.
        constant_loss: The least of what a constant guess can reach.
        gradient_norms: Norm of each step's gradient before clipping.
        logits: `(N,)` on val.
        labels: `(N,)`, 1 is fake.
        threshold: Chosen on val, for the sigmoid of the logits.
    """

    loss: float
    constant_loss: float
    gradient_norms: list[float]
    logits: NDArray[np.float32]
    labels: NDArray[np.uint8]
    threshold: float


def warnings_for(health: EpochHealth) -> list[str]:
    """One line for each sign of a collapse; empty when all is well."""
    signs = [_loss_sign(health), _verdict_sign(health), _constant_sign(health), _gradient_sign(health)]
    return [sign for sign in signs if sign]


def _loss_sign(health: EpochHealth) -> str:
    if health.loss < 0.98 * health.constant_loss:
        return ""
    return f"training loss {health.loss:.3f} is no better than a constant guess ({health.constant_loss:.3f})"


def _verdict_sign(health: EpochHealth) -> str:
    verdicts = 1 / (1 + np.exp(-health.logits.astype(np.float64))) >= health.threshold
    share, recall = verdicts.mean(), verdicts[health.labels == 1].mean()
    if share in (0, 1):
        return f"all of val is called {'fake' if share else 'real'}"
    if recall < 0.1:
        return f"recall {recall:.3f}: nearly every fake of val is missed"
    if share > 0.9:
        return f"{share:.0%} of val is called fake"
    return ""


def _constant_sign(health: EpochHealth) -> str:
    spread = float(health.logits.std())
    return f"val logits hardly differ (standard deviation {spread:.4f})" if spread < 0.02 else ""


def _gradient_sign(health: EpochHealth) -> str:
    middle = float(np.median(health.gradient_norms)) if health.gradient_norms else 1.0
    return f"gradients vanish (median norm {middle:.1e})" if middle < 1e-5 else ""
