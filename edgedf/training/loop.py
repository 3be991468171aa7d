"""The training loop, over Lightning Fabric: mixed precision, several processes, exact resumption."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from edgedf import metrics
from edgedf.console import progress as show_progress
from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.errors import CheckpointError, GateError
from edgedf.files import write_text
from edgedf.nn.detector import Detector
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import TrainConfig
from edgedf.training.curves import plot_curves
from edgedf.training.devices import make_fabric
from edgedf.training.health import EpochHealth, warnings_for
from edgedf.training.interrupt import held_interrupt
from edgedf.training.losses import Learner
from edgedf.training.optimizer import freeze_norm, learning_rate, make_optimizer, moving_average
from edgedf.training.predict import logits
from edgedf.training.run import CHECKPOINTS, load_checkpoint, save_checkpoint, write_metrics


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
    """

    epoch: int = 0
    step: int = 0
    loss_sums: dict[str, float] = field(default_factory=dict)
    norms: list[float] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    best: float = -1.0


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
        objective: nn.Module,
        train: PackedFaces,
        val: PackedFaces,
        config: TrainConfig,
        out: Path,
    ) -> None:
        self.config, self.out, self.val = config, out, val
        self.fabric = make_fabric(config.precision)
        self.batches = Batches(train, config, self.fabric.global_rank, self.fabric.world_size)
        learner = Learner(model, objective)
        self.model = model.to(memory_format=torch.channels_last)
        self.learner, self.optimizer = self.fabric.setup(learner, make_optimizer(learner, config))
        self.averaged = AveragedModel(self.model, multi_avg_fn=moving_average(config.ema), use_buffers=True)
        self.progress = Progress()

    def fit(self, resume: bool = False) -> dict[str, Any]:
        """Trains to the last epoch and returns the best epoch's metrics.

        Raises:
            CheckpointError: Nothing to resume, or `out` holds a run already.
            GateError: The loss is not finite.
            KeyboardInterrupt: Ctrl-C, after a checkpoint.
        """
        self._open(resume)
        with held_interrupt() as stop:
            while self.progress.epoch < self.config.epochs:
                self._epoch(stop)
        self._save_model("final", self.progress.rows[-1])
        return max(self.progress.rows, key=lambda row: float(row["auc"]))

    def _epoch(self, stop: Event) -> None:
        progress, started, saved = self.progress, time.perf_counter(), time.perf_counter()
        first = progress.step
        if not first:
            torch.manual_seed((self.config.seed * 1009 + progress.epoch) * 1009 + self.fabric.global_rank)
        self.learner.train()
        if self.config.freeze_norm:
            freeze_norm(self.learner)
        steps = self.steps(progress.epoch, first)
        if self.fabric.is_global_zero:
            steps = show_progress(steps, f"epoch {progress.epoch}", len(self.batches) - first)
        for parts in steps:
            self.step(parts)
            if stop.is_set() or time.perf_counter() - saved > 60 * self.config.save_minutes:
                self._save_last()
                saved = time.perf_counter()
            if stop.is_set():
                say(f"stopped and saved: continue with --resume ({self.out})")
                raise KeyboardInterrupt
        seconds = time.perf_counter() - started
        rate = (progress.step - first) * self.config.batch_size / seconds
        self._finish_epoch(seconds, rate)

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
        if not math.isfinite(progress.loss_sums["loss"]):
            raise GateError(
                f"the loss is not finite in epoch {progress.epoch}, step {progress.step}: lower learning_rate"
            )
        progress.norms.append(float(norm))  # type: ignore[arg-type]
        self.optimizer.step()
        self.averaged.update_parameters(self.model)
        progress.step += 1

    def _finish_epoch(self, seconds: float, rate: float) -> None:
        progress = self.progress
        found = logits(self.averaged.module, self.val.pixels)  # type: ignore[arg-type]
        row = {"epoch": progress.epoch} | self._losses() | evaluate_epoch(found, self.val, self.config)
        row |= {"seconds": round(seconds, 2), "images_per_second": round(rate, 2)}
        for warning in self._watch(found, row):
            say(f"warning: epoch {progress.epoch}: {warning}")
        progress.rows.append(row)
        say(_line(row))
        if row["auc"] > progress.best:
            progress.best = row["auc"]
            self._save_model("best", row)
        progress.epoch, progress.step, progress.loss_sums, progress.norms = progress.epoch + 1, 0, {}, []
        self._save_last()

    def _losses(self) -> dict[str, float]:
        return {f"train_{name}": total / self.progress.step for name, total in self.progress.loss_sums.items()}

    def _watch(self, found: Any, row: dict[str, Any]) -> list[str]:
        faces = self.batches.faces
        smoothing = self.config.label_smoothing
        shown = (self.config.prevalence or float(faces.labels.mean())) * (1 - 2 * smoothing) + smoothing
        loss = row.get("train_label", row["train_loss"])
        health = EpochHealth(
            loss,
            shown,
            self.progress.norms,
            found,
            self.val.labels,
            row["threshold"],
            self.config.class_weighting,
        )
        return warnings_for(health)

    def _open(self, resume: bool) -> None:
        last = self.out / CHECKPOINTS["last"]
        if resume:
            self._load(load_checkpoint(last))
        elif last.exists():
            raise CheckpointError(f"{self.out} holds a run already: continue it with --resume or name another --out")
        elif self.fabric.is_global_zero:
            write_text(self.out / "config.toml", self.config.to_toml())

    def _load(self, state: dict[str, Any]) -> None:
        if state["config"] != self.config.to_dict():
            raise CheckpointError(
                f"{self.out}: the run's configuration differs from the one asked for: drop the change"
            )
        self.learner.load_state_dict(state["learner"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["random"])
        if self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state_all(state["cuda_random"])

    def _save_last(self) -> None:
        if not self.fabric.is_global_zero:
            return
        cuda = torch.cuda.get_rng_state_all() if self.fabric.device.type == "cuda" else []
        state = {
            "config": self.config.to_dict(),
            "learner": self.learner.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress),
            "random": torch.get_rng_state(),
            "cuda_random": cuda,
        }
        save_checkpoint(self.out / CHECKPOINTS["last"], state)
        if self.progress.rows:
            write_metrics(self.out / "metrics.csv", self.progress.rows)
            plot_curves(self.out / "curves.png", self.progress.rows)

    def _save_model(self, which: str, row: dict[str, Any]) -> None:
        if not self.fabric.is_global_zero:
            return
        content = {
            "weights": self.averaged.module.state_dict(),
            "metrics": row,
            "threshold": row["threshold"],
            "rule": self.config.threshold_rule,
            "trained_on": self.batches.faces.fingerprint,
            "fitted_on": self.val.fingerprint,  # where threshold and best epoch were chosen
        }
        save_checkpoint(self.out / CHECKPOINTS[which], content)


def evaluate_epoch(found: Any, val: PackedFaces, config: TrainConfig) -> dict[str, Any]:
    """Val metrics of one epoch, all from one cross-fitted confusion matrix.

    The counts are val's own; precision and F1 are stated at `prevalence`.
    """
    scores = metrics.sigmoid(found)
    prevalence = config.prevalence or float(val.labels.mean())
    weights = metrics.prevalence_weights(val.labels, prevalence)
    counts = metrics.cross_fitted_matrix(val.labels, scores, val.groups, config.threshold_rule, prevalence)
    matrix = counts.at_prevalence(prevalence)
    return {
        "auc": metrics.auc(val.labels, scores),
        "f1": matrix.f1,
        "precision": matrix.precision,
        "recall": matrix.recall,
        "prevalence": prevalence,
        "threshold": metrics.choose_threshold(val.labels, scores, config.threshold_rule, weights),
        **{name: int(getattr(counts, name)) for name in ("tn", "fp", "fn", "tp")},
    }


def _line(row: dict[str, Any]) -> str:
    names = ("train_loss", "auc", "f1", "precision", "recall")
    numbers = "  ".join(f"{name} {row[name]:.4f}" for name in names)
    return f"epoch {row['epoch']}  {numbers}  {row['seconds']:.0f} s  {row['images_per_second']:.0f} images/s"
