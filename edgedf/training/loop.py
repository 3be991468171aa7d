"""The training loop: epochs of steps, val after each, and exact resumption."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress as show_progress
from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.metrics import WORTH
from edgedf.nn.detector import Detector
from edgedf.training.batches import Batch, Batches
from edgedf.training.checkpoints import fingerprints_of
from edgedf.training.config import TrainConfig
from edgedf.training.devices import keep_freed_memory, make_fabric
from edgedf.training.evaluation import evaluate_epoch
from edgedf.training.folder import RunFolder
from edgedf.training.health import EpochHealth, warnings_for
from edgedf.training.interrupt import Stop, held_interrupt
from edgedf.training.losses import Objective, shown_share
from edgedf.training.optimizer import freeze_norm
from edgedf.training.predict import logits
from edgedf.training.step import Progress, Stepper


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
        self.config, self.val, self.objective = config, val, objective
        self.fabric = make_fabric(config.precision)
        on_gpu = self.fabric.device.type != "cpu"
        if not on_gpu:
            keep_freed_memory()
        self.batches = Batches(train, config, self.fabric.global_rank, self.fabric.world_size, ahead=on_gpu)
        self.stepper = Stepper(self.fabric, model, objective, config, len(self.batches))
        self.folder = RunFolder(out, config, fingerprints_of(train, val), writes=self.fabric.is_global_zero)

    @property
    def progress(self) -> Progress:
        """Where the run stands."""
        return self.stepper.progress

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

    def steps(self, epoch: int, first: int = 0) -> Iterator[list[Batch]]:
        """The parts of each step."""
        parts: list[Batch] = []
        for part in self.batches.epoch(epoch, first):
            parts.append(part)
            if len(parts) == self.config.accumulate:
                yield parts
                parts = []

    def _open(self, resume: bool) -> None:
        if state := self.folder.open(resume):
            self.stepper.load_state_dict(state)
        self.folder.begin(self.progress.rows)

    def _epoch(self, stop: Stop) -> None:
        progress, first = self.progress, self.progress.step
        clock = saved = time.perf_counter()
        self.stepper.learner.train()
        if self.config.freeze_norm:
            freeze_norm(self.stepper.learner)
        steps = self.steps(progress.epoch, first)
        if self.fabric.is_global_zero:
            steps = show_progress(steps, f"epoch {progress.epoch}", len(self.batches) - first)
        for parts in steps:
            self.stepper.step(parts)
            now = time.perf_counter()
            progress.seconds, clock = progress.seconds + now - clock, now
            if stop or now - saved > 60 * self.config.save_minutes:
                self._save()
                saved = now
            self._heed(stop)
        self._finish_epoch()
        self._heed(stop)

    def _heed(self, stop: Stop) -> None:
        """Ends the run where that was asked for; its checkpoint is written."""
        if stop:
            say(f"stopped and saved: continue with --resume ({self.folder.path})")
        stop.heed()

    def _finish_epoch(self) -> None:
        progress = self.progress
        found = logits(self._averaged, self.val.pixels)
        row = {"epoch": progress.epoch} | self.stepper.mean_losses() | evaluate_epoch(found, self.val, self.config)
        rate = progress.step * self.config.batch_size / progress.seconds
        row |= {"seconds": round(progress.seconds, 2), "images_per_second": round(rate, 2)}
        for warning in self._warnings(found, row):
            say(f"warning: epoch {progress.epoch}: {warning}")
        progress.rows.append(row)
        say(_line(row))
        if row["auc"] > progress.best:
            progress.best = row["auc"]
            self._save_model("best", row)
        self.stepper.progress = Progress(progress.epoch + 1, rows=progress.rows, best=progress.best)
        self._save()

    def _warnings(self, found: NDArray[np.float32], row: dict[str, Any]) -> list[str]:
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

    @property
    def _averaged(self) -> Detector:
        network: Detector = self.stepper.averaged.module  # type: ignore[assignment]
        return network

    def _save(self) -> None:
        self.folder.save(self.stepper.state_dict(), self.progress.rows)

    def _save_model(self, which: str, row: dict[str, Any]) -> None:
        self.folder.save_model(which, self._averaged, row)


def _line(row: dict[str, Any]) -> str:
    numbers = "  ".join(f"{name} {row[name]:.4f}" for name in ("train_loss", *WORTH))
    return f"epoch {row['epoch']}  {numbers}  {row['seconds']:.0f} s  {row['images_per_second']:.0f} images/s"
