"""Optimiser, schedule, averaged weights and frozen norms."""

import copy
import math

import torch
from torch import Tensor, nn

from edgedf.training.config import TrainConfig


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


class MovingAverage(nn.Module):
    """Average of a network's weights and norm statistics.

    It follows quickly at first, when the early weights are not worth keeping.

    `torch.optim.swa_utils.AveragedModel` sorts the tensors anew in every step, which takes five times as long as the
    averaging.

    Args:
        network: Followed; not moved to another device afterwards.
        decay: What the average keeps of itself in a step, later on.
    """

    steps: Tensor

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__()
        self.module = copy.deepcopy(network)
        self.decay = decay
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        pairs = list(zip(_tensors(self.module), _tensors(network), strict=True))
        self._floats = [(kept, now) for kept, now in pairs if now.is_floating_point()]
        self._counts = [(kept, now) for kept, now in pairs if not now.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Takes a step towards the network; the first takes it over."""
        steps = int(self.steps)
        weight = 1 - min(self.decay, (1 + steps) / (10 + steps)) if steps else 1.0
        torch._foreach_lerp_([kept for kept, _ in self._floats], [now for _, now in self._floats], weight)
        for kept, now in self._counts:
            kept.copy_(now)
        self.steps += 1


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*(p.detach() for p in module.parameters()), *module.buffers()]
