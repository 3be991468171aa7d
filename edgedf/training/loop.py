"""The training loop, over Lightning Fabric: mixed precision, several processes, exact resumption."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgedf.console import progress as show_progress
from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.errors import CheckpointError, GateError, InputError
from edgedf.files import write_text
from edgedf.nn.detector import Detector
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import TrainConfig
from edgedf.training.curves import plot_curves
from edgedf.training.devices import keep_freed_memory, make_fabric
from edgedf.training.evaluation import evaluate_epoch
from edgedf.training.health import EpochHealth, warnings_for
from edgedf.training.interrupt import Stop, held_interrupt
from edgedf.training.losses import Learner, Objective, shown_share
from edgedf.training.optimizer import MovingAverage, freeze_norm, learning_rate, make_optimizer
from edgedf.training.predict import logits
from edgedf.training.run import (
    fingerprints_of,
    load_last,
    require_place,
    save_last,
    save_model,
    write_metrics,
)


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


class Trainer:
    """Trains a network and keeps its run folder.

    Args:
        model: Trained in place.
        objective: See `edgedf.training.losses`; may have parameters of its own.
        train: Training images.
        val: Images that choose threshold and best epoch.
        config: Of the run.
        out: The run folder.
    """

    def __init__(
        self,
        model: Detector,
        objective: Objective,
        train: PackedFaces,
        val: PackedFaces,
        config: TrainConfig,
        out: Path,
    ) -> None:
        self.config, self.out, self.val, self.objective = config, out, val, objective
        self.fabric = make_fabric(config.precision)
        on_gpu = self.fabric.device.type != "cpu"
        if not on_gpu:
            keep_freed_memory()
        self.batches = Batches(train, config, self.fabric.global_rank, self.fabric.world_size, ahead=on_gpu)
        learner = Learner(model, objective)
        self.model = model.to(memory_format=torch.channels_last)
        self.learner, self.optimizer = self.fabric.setup(learner, make_optimizer(learner, config))
        self.averaged = MovingAverage(self.model, config.ema)
        self.progress = Progress()

    def fit(self, resume: bool = False) -> dict[str, Any]:
        """Trains to the last epoch and returns the best epoch's metrics.

        Raises:
            CheckpointError: Nothing to resume, or `out` holds a run already.
            GateError: The loss is not finite.
            KeyboardInterrupt: Ctrl-C or SIGTERM, after a checkpoint.
        """
        self._open(resume)
        with held_interrupt() as stop:
            while self.progress.epoch < self.config.epochs:
                self._epoch(stop)
        self._save_model("final", self.progress.rows[-1])
        return max(self.progress.rows, key=lambda row: float(row["auc"]))

    def _epoch(self, stop: Stop) -> None:
        progress, first = self.progress, self.progress.step
        clock = saved = time.perf_counter()
        self.learner.train()
        if self.config.freeze_norm:
            freeze_norm(self.learner)
        steps = self.steps(progress.epoch, first)
        if self.fabric.is_global_zero:
            steps = show_progress(steps, f"epoch {progress.epoch}", len(self.batches) - first)
        for parts in steps:
            self.step(parts)
            now = time.perf_counter()
            progress.seconds, clock = progress.seconds + now - clock, now
            if stop or now - saved > 60 * self.config.save_minutes:
                self._save_last()
                saved = now
            self._heed(stop)
        self._finish_epoch()
        self._heed(stop)

    def _heed(self, stop: Stop) -> None:
        """Ends the run where that was asked for; its checkpoint is written."""
        if stop:
            say(f"stopped and saved: continue with --resume ({self.out})")
        stop.heed()

    def steps(self, epoch: int, first: int = 0) -> Iterator[list[Batch]]:
        """The parts of each step."""
        parts: list[Batch] = []
        for part in self.batches.epoch(epoch, first):
            parts.append(part)
            if len(parts) == self.config.accumulate:
                yield parts
                parts = []

    def step(self, parts: list[Batch]) -> None:
        """One optimiser step over the parts of a batch."""
        progress = self.progress
        self._seed()
        lr = learning_rate(self.config, progress.epoch * len(self.batches) + progress.step, len(self.batches))
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad(set_to_none=True)
        for index, part in enumerate(parts):
            last = index == len(parts) - 1
            with self.fabric.no_backward_sync(self.learner, enabled=not last):
                terms: dict[str, Tensor] = self.learner(part.to(self.fabric.device))
                self.fabric.backward(terms["loss"] / len(parts))
            for name, value in terms.items():
                progress.loss_sums[name] = progress.loss_sums.get(name, 0.0) + float(value.detach()) / len(parts)
        limit = self.config.clip or math.inf
        norm = self.fabric.clip_gradients(self.learner, self.optimizer, max_norm=limit, error_if_nonfinite=False)
        progress.norms.append(float(norm))  # type: ignore[arg-type]
        # FP16 steps over a gradient that overflows; in the other precisions it would ruin the weights.
        if not math.isfinite(progress.loss_sums["loss"]) or not (math.isfinite(progress.norms[-1]) or self._scaled):
            raise GateError(
                f"loss or gradient is not finite in epoch {progress.epoch}, step {progress.step}: lower learning_rate"
            )
        self.optimizer.step()
        self.averaged.update()
        progress.step += 1

    def _seed(self) -> None:
        """Makes what a step draws a function of its place, so that a run can be entered at any step."""
        place = (self.config.seed, self.progress.epoch, self.progress.step, self.fabric.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1)[0]))

    @property
    def _scaled(self) -> bool:
        return bool(self.fabric.strategy.precision.state_dict())

    def _finish_epoch(self) -> None:
        progress = self.progress
        found = logits(self.averaged.module, self.val.pixels)  # type: ignore[arg-type]
        row = {"epoch": progress.epoch} | self._losses() | evaluate_epoch(found, self.val, self.config)
        rate = progress.step * self.config.batch_size / progress.seconds
        row |= {"seconds": round(progress.seconds, 2), "images_per_second": round(rate, 2)}
        for warning in self._watch(found, row):
            say(f"warning: epoch {progress.epoch}: {warning}")
        progress.rows.append(row)
        say(_line(row))
        if row["auc"] > progress.best:
            progress.best = row["auc"]
            self._save_model("best", row)
        self.progress = Progress(progress.epoch + 1, rows=progress.rows, best=progress.best)
        self._save_last()

    def _losses(self) -> dict[str, float]:
        sums = {name: torch.tensor(total / self.progress.step) for name, total in self.progress.loss_sums.items()}
        return {f"train_{name}": float(self.fabric.all_reduce(mean)) for name, mean in sums.items()}  # type: ignore[arg-type]

    def _watch(self, found: Any, row: dict[str, Any]) -> list[str]:
        shown = shown_share(self.config, self.batches.faces)
        health = EpochHealth(
            loss=row["train_label"],
            constant_loss=self.objective.constant_loss(shown),
            gradient_norms=self.progress.norms,
            logits=found,
            labels=self.val.labels,
            threshold=row["threshold"],
        )
        return warnings_for(health)

    def _open(self, resume: bool) -> None:
        require_place(self.out, resume=resume)
        if resume:
            self._load(load_last(self.out))
        if self.fabric.is_global_zero:
            write_text(self.out / "config.toml", self.config.to_toml())
            self._write_rows()  # killed after a checkpoint, a run may lack the last of them

    def _load(self, state: dict[str, Any]) -> None:
        now = self.config.to_dict()
        then = type(self.config)().to_dict() | state["config"]  # an older edgedf had not all of the keys
        # A run may be made longer: its schedule then goes on as that of the longer run. The fingerprints below stand
        # for the data, by whatever path.
        changed = [key for key in now if then.get(key) != now[key] and key not in ("epochs", "data", "skip_broken")]
        if changed:
            raise CheckpointError(f"{self.out} was started with another {', '.join(changed)}: drop the change")
        if state["faces"] != self._faces():
            raise CheckpointError(
                f"{self.out}: the dataset has changed since the run was started, or an older edgedf started it: "
                "name another --out"
            )
        self.learner.load_state_dict(state["learner"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
        self.progress = Progress(**state["progress"])

    def _save_last(self) -> None:
        if not self.fabric.is_global_zero:
            return
        if not (self.out / "config.toml").exists():  # going on would leave part of a run
            raise InputError(f"{self.out} has vanished: bring it back, or run the command again from the start")
        state = {
            "config": self.config.to_dict(),
            "faces": self._faces(),
            "learner": self.learner.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),
            "progress": vars(self.progress),
        }
        save_last(self.out, state)
        self._write_rows()

    def _write_rows(self) -> None:
        if self.progress.rows:
            write_metrics(self.out / "metrics.csv", self.progress.rows)
            plot_curves(self.out / "curves.png", self.progress.rows)

    def _faces(self) -> dict[str, list[str]]:
        return fingerprints_of(self.batches.faces, self.val)

    def _save_model(self, which: str, row: dict[str, Any]) -> None:
        if not self.fabric.is_global_zero:
            return
        network: Detector = self.averaged.module  # type: ignore[assignment]
        save_model(self.out, which, network, row, self.config.threshold_rule, self._faces())


def _line(row: dict[str, Any]) -> str:
    names = ("train_loss", "auc", "f1", "precision", "recall")
    numbers = "  ".join(f"{name} {row[name]:.4f}" for name in names)
    return f"epoch {row['epoch']}  {numbers}  {row['seconds']:.0f} s  {row['images_per_second']:.0f} images/s"
