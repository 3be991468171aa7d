"""Runs that are there: found, opened, and their networks loaded."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgedf.errors import CheckpointError, ConfigError, InputError
from edgedf.nn.detector import Detector
from edgedf.nn.trunks import load_weights
from edgedf.training.checkpoints import CHECKPOINTS, load_checkpoint
from edgedf.training.config import IMAGENET, DistillConfig, TrainConfig
from edgedf.training.folder import begun
from edgedf.training.models import build_model


@dataclass(frozen=True)
class Run:
    """A finished or interrupted training.

    Attributes:
        path: Its folder.
        config: Resolved configuration.
    """

    path: Path
    config: TrainConfig

    def file(self, which: str = "best") -> Path:
        """Where the weights of `best` or `final` are."""
        return self.path / CHECKPOINTS[which]

    @property
    def kind(self) -> str:
        """`teacher`, `student` or `baseline`."""
        return self.config.role

    @property
    def name(self) -> str:
        """The folder's name, or the file's."""
        return self.path.name

    def checkpoint(self, which: str = "best") -> dict[str, Any]:
        """The content of `best` or `final`: weights, threshold, rule and the epoch's metrics."""
        return load_checkpoint(self.file(which))

    def model(self, which: str = "best") -> Detector:
        """The network with its weights, in eval mode.

        Raises:
            CheckpointError: The weights are missing or not this network's.
        """
        model = build_model(self.config)
        try:
            model.load_state_dict(self.checkpoint(which)["weights"])
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"{self.path}: its weights do not fit its configuration") from error
        return model.eval()


@dataclass(frozen=True)
class KeptRun(Run):
    """The best weights of a run, kept in one file by `export/weights.py`.

    Attributes:
        about: All of a checkpoint but the weights.
    """

    about: dict[str, Any]

    def file(self, which: str = "best") -> Path:
        """The file itself: it holds no others."""
        return self.path

    def checkpoint(self, which: str = "best") -> dict[str, Any]:
        """See `Run.checkpoint`."""
        return {**self.about, "weights": load_weights(self.path)}


def open_run(path: Path) -> Run:
    """Opens a run folder, or the file that its best weights are kept in.

    Raises:
        CheckpointError: Not a run.
    """
    if path.suffix == ".safetensors":
        return _open_kept(path)
    file = path / "config.toml"
    if not file.is_file():
        reason = "no config.toml" if path.is_dir() else "there is no such folder"
        raise CheckpointError(f"{path}: not a run ({reason})")
    try:
        # A distilled student's config has more keys than a plain one's.
        return Run(path, TrainConfig.load(file))
    except ConfigError:
        pass
    try:
        return Run(path, DistillConfig.load(file))
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}, unless it is a run of a newer edgedf: update edgedf then") from error


def _open_kept(path: Path) -> KeptRun:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(f"{path}: no such weights file")
    try:
        with safe_open(path, "pt") as kept:
            header = kept.metadata() or {}
        values, metrics = json.loads(header["config"]), json.loads(header["val"])
        kind = TrainConfig if {*values} <= {field.name for field in dataclasses.fields(TrainConfig)} else DistillConfig
        config = kind.from_dict(values)
        about = {"metrics": metrics, "threshold": metrics["threshold"], "rule": config.threshold_rule}
        return KeptRun(path, config, about | json.loads(header.get("data", "{}")))
    except (KeyError, TypeError, ValueError, ConfigError, SafetensorError) as error:
        raise CheckpointError(f"{path}: not the weights of a run: export/weights.py keeps those") from error


def latest_run(folder: Path, role: str) -> Path | None:
    """The newest finished run of a role below a folder; None where there is none.

    A run within another run, a student without its teacher for comparison, does not count, nor does pretraining.

    Args:
        folder: Searched at any depth.
        role: `teacher`, `student` or `baseline`.
    """
    found = []
    for best in folder.rglob(CHECKPOINTS["best"]):
        path = best.parent
        unfinished = begun(path) and not (path / CHECKPOINTS["final"]).exists()
        if not unfinished and not (path.parent / "config.toml").exists() and _role(path) == role:
            found.append((best.stat().st_mtime, path))
    return max(found)[1] if found else None


def _role(path: Path) -> str | None:
    """Role of the run in a folder; None where that is pretraining or no run of this version."""
    try:
        run = open_run(path)
    except InputError:
        return None
    return None if getattr(run.config, "teacher", "") == IMAGENET else run.kind
