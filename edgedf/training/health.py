"""The collapse watch: says in the epoch it happens that a run has stopped learning, and what it saw."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EpochHealth:
    """What the watch looks at after an epoch.

    Attributes:
        loss: Mean label loss in training.
        prevalence: Share of fakes shown in training, label smoothing included.
        gradient_norms: Norm of each step's gradient before clipping.
        logits: `(N,)` on val.
        labels: `(N,)`, 1 is fake.
        threshold: Chosen on val, for the sigmoid of the logits.
        weighted: The loss weights the classes, so the prior's entropy is that of a fair coin.
    """

    loss: float
    prevalence: float
    gradient_norms: list[float]
    logits: NDArray[np.float32]
    labels: NDArray[np.uint8]
    threshold: float
    weighted: bool = False


def warnings_for(health: EpochHealth) -> list[str]:
    """One line for each sign of a collapse; empty when all is well."""
    signs = [_loss_sign(health), _verdict_sign(health), _constant_sign(health), _gradient_sign(health)]
    return [sign for sign in signs if sign]


def _loss_sign(health: EpochHealth) -> str:
    rate = min(max(health.prevalence, 1e-6), 1 - 1e-6)
    # With pos_weight = (1-p)/p the best constant guess is 1/2, at a cost of 2 (1-p) ln 2.
    plain = -rate * math.log(rate) - (1 - rate) * math.log(1 - rate)
    prior = 2 * (1 - rate) * math.log(2) if health.weighted else plain
    if health.loss < 0.98 * prior:
        return ""
    return f"training loss {health.loss:.3f} is no better than guessing the share of fakes ({prior:.3f})"


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
