"""Optimiser, schedule, averaged weights and frozen norms."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from edgedf.training.config import TrainConfig

Tensors = tuple[Tensor, ...] | list[Tensor]


def make_optimizer(learner: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW; norms and biases, which have one dimension, are not decayed."""
    parameters = [p for p in learner.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def learning_rate(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """Linear warm-up, then a half cosine to zero (Loshchilov and Hutter, SGDR, ICLR 2017)."""
    warmup = config.warmup_epochs * steps_per_epoch
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    share = (step - warmup) / max(config.epochs * steps_per_epoch - warmup, 1)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def freeze_norm(module: nn.Module) -> None:
    """Batch norms keep their statistics in training."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Average that follows quickly at first, when the early weights are not worth keeping."""

    @torch.no_grad()
    def update(averages: Tensors, current: Tensors, count: Tensor | int) -> None:
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, current, 1 - min(decay, (1 + float(count)) / (10 + float(count))))
        else:
            torch._foreach_copy_(averages, current)

    return update
