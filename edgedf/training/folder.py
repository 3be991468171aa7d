"""The folder of a run under way: kept for one training, and filled by it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from edgedf.errors import CheckpointError, InputError
from edgedf.files import check_folder, write_text
from edgedf.locks import alone
from edgedf.nn.detector import Detector
from edgedf.training.checkpoints import CHECKPOINTS, load_last, save_last, save_model
from edgedf.training.config import TrainConfig
from edgedf.training.history import plot_curves, write_metrics


def begun(out: Path) -> bool:
    """Whether a folder holds a run that can be gone on with."""
    return any((out / CHECKPOINTS[which]).exists() for which in ("last", "previous"))


def require_place(*outs: Path, resume: bool) -> None:
    """Finds in the first second whether runs can start in these folders, or go on in one of them.

    Raises:
        CheckpointError: Nothing to resume, or a folder holds a run already.
    """
    held = [out for out in outs if begun(out)]
    if resume and not held:
        raise CheckpointError(f"{outs[0]}: no such checkpoint: name the run's --out, or start it without --resume")
    if held and not resume:
        raise CheckpointError(f"{held[0]} holds a run already: continue it with --resume or name another --out")


@contextmanager
def claimed(out: Path, *within: Path, resume: bool) -> Iterator[None]:
    """Keeps a run folder for this training, of one process or several, see `require_place`.

    Args:
        out: The folder.
        within: Folders of other runs in it, which are trained with it.
        resume: Go on with what is there.

    Raises:
        CheckpointError: See `require_place`.
        InputError: Another training works there.
    """
    check_folder(out)
    first = os.environ.get("RANK", "0") == "0"  # of several processes it holds the folder for all
    refusal = f"another process trains {out}: wait for its end, or name another --out"
    with alone(out, refusal) if first else nullcontext():
        require_place(out, *within, resume=resume)
        yield


class RunFolder:
    """What a training writes, of several processes the first one alone.

    Args:
        path: The folder.
        config: Of the run.
        faces: What it trains on, see `edgedf.training.checkpoints.fingerprints_of`.
        writes: Whether this process is the one.
    """

    def __init__(self, path: Path, config: TrainConfig, faces: dict[str, list[str]], *, writes: bool) -> None:
        self.path, self._config, self._faces, self._writes = path, config, faces, writes

    def open(self, resume: bool) -> dict[str, Any] | None:
        """What the run goes on from; None where it starts.

        Raises:
            CheckpointError: See `require_place`; or it was started with other settings or faces.
        """
        require_place(self.path, resume=resume)
        if not resume:
            return None
        state = load_last(self.path)
        self._require_same_settings(state["config"])
        if state["faces"] != self._faces:
            raise CheckpointError(
                f"{self.path}: the dataset has changed since the run was started, or an older edgedf started it: "
                "name another --out"
            )
        return state

    def begin(self, rows: list[dict[str, Any]]) -> None:
        """Writes the configuration, and the epochs so far: killed after a checkpoint, a run may lack the last row."""
        if self._writes:
            write_text(self.path / "config.toml", self._config.to_toml())
            self._write_history(rows)

    def save(self, state: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        """Writes what the run goes on from, and its epochs so far.

        Raises:
            InputError: The folder has vanished, or the disk cannot take it.
        """
        if not self._writes:
            return
        if not (self.path / "config.toml").exists():  # going on would leave part of a run
            raise InputError(f"{self.path} has vanished: bring it back, or run the command again from the start")
        save_last(self.path, {"config": self._config.to_dict(), "faces": self._faces, **state})
        self._write_history(rows)

    def save_model(self, which: str, model: Detector, row: dict[str, Any]) -> None:
        """Writes the `best` or `final` model with its val metrics."""
        if self._writes:
            save_model(self.path, which, model, row, self._config.threshold_rule, self._faces)

    def _require_same_settings(self, before: dict[str, Any]) -> None:
        now = self._config.to_dict()
        then = type(self._config)().to_dict() | before  # an older edgedf had not all of the keys
        # A run may be made longer: its schedule then goes on as that of the longer run. The fingerprints stand for the
        # data, by whatever path.
        changed = [key for key in now if then.get(key) != now[key] and key not in ("epochs", "data", "skip_broken")]
        if changed:
            raise CheckpointError(f"{self.path} was started with another {', '.join(changed)}: drop the change")

    def _write_history(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            write_metrics(self.path / "metrics.csv", rows)
            plot_curves(self.path / "curves.png", rows)
