"""One optimiser step, over Lightning Fabric: what it changes, and what a run goes on from."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from edgedf.errors import GateError
from edgedf.nn.detector import Detector
from edgedf.training.batches import Batch
from edgedf.training.config import TrainConfig
from edgedf.training.losses import Learner, Objective
from edgedf.training.optimizer import MovingAverage, learning_rate, make_optimizer


@dataclass
class Progress:
    """Where a run stands; saved with every checkpoint.

    Attributes:
        epoch: The epoch under way, from 0.
        step: Steps of it that are done.
        loss_sums: Sum of each loss term over those steps.
        norms: Gradient norm of each of those steps, before clipping.
        rows: A row of metrics for each finished epoch.
        best: Highest val AUC so far.
        seconds: Spent training in the epoch under way.
    """

    epoch: int = 0
    step: int = 0
    loss_sums: dict[str, float] = field(default_factory=dict)
    norms: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    best: float = -1.0
    seconds: float = 0.0


class Stepper:
    """Network, optimiser and averaged weights, and how far they are trained.

    Args:
        fabric: Devices, precision and processes.
        model: Trained in place.
        objective: See `edgedf.training.losses`; may have parameters of its own.
        config: Of the run.
        per_epoch: Steps in an epoch.
    """

    def __init__(
        self, fabric: Fabric, model: Detector, objective: Objective, config: TrainConfig, per_epoch: int
    ) -> None:
        self.fabric, self.config, self.per_epoch = fabric, config, per_epoch
        learner = Learner(model, objective)
        network = model.to(memory_format=torch.channels_last)
        self.learner, self.optimizer = fabric.setup(learner, make_optimizer(learner, config))
        self.averaged = MovingAverage(network, config.ema)
        self.progress = Progress()

    def step(self, parts: list[Batch]) -> None:
        """One optimiser step over the parts of a batch.

        Raises:
            GateError: Loss or gradient is not finite.
        """
        self._seed()
        self._set_learning_rate()
        self.optimizer.zero_grad(set_to_none=True)
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            with self.fabric.no_backward_sync(self.learner, enabled=not last):
                terms: dict[str, Tensor] = self.learner(part.to(self.fabric.device))
                self.fabric.backward(terms["loss"] / len(parts))
            sums = self.progress.loss_sums
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / len(parts)
        limit = self.config.clip or math.inf
        norm = self.fabric.clip_gradients(self.learner, self.optimizer, max_norm=limit, error_if_nonfinite=False)
        self.progress.norms.append(float(norm))  # type: ignore[arg-type]
        self._require_finite()
        self.optimizer.step()
        self.averaged.update()
        self.progress.step += 1

    def mean_losses(self) -> dict[str, float]:
        """Mean of each loss term over the epoch so far and over the processes."""
        sums = {name: torch.tensor(total / self.progress.step) for name, total in self.progress.loss_sums.items()}
        return {f"train_{name}": float(self.fabric.all_reduce(mean)) for name, mean in sums.items()}  # type: ignore[arg-type]

    def state_dict(self) -> dict[str, Any]:
        """Whatever a run must have to go on as if it had never stopped."""
        return {
            "learner": self.learner.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),
            "progress": vars(self.progress),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave."""
        self.learner.load_state_dict(state["learner"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.progress = Progress(**state["progress"])

    def _seed(self) -> None:
        """Makes what a step draws a function of its place, so that a run can be entered at any step."""
        place = (self.config.seed, self.progress.epoch, self.progress.step, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1)[0]))

    def _set_learning_rate(self) -> None:
        done = self.progress.epoch * self.per_epoch + self.progress.step
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, done, self.per_epoch)

    def _require_finite(self) -> None:
        progress = self.progress
        # FP16 steps over a gradient that overflows; in the other precisions it would ruin the weights.
        scaled = bool(self.fabric.strategy.precision.state_dict())
        if not math.isfinite(progress.loss_sums["loss"]) or not (math.isfinite(progress.norms[-1]) or scaled):
            raise GateError(
                f"loss or gradient is not finite in epoch {progress.epoch}, step {progress.step}: lower learning_rate"
            )
