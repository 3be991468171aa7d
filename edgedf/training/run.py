"""The run folder: configuration, metrics of every epoch, checkpoints and curves."""

import csv
import dataclasses
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch

from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.errors import CheckpointError, ConfigError, InputError
from edgedf.files import check_folder, disk_trouble, replacing, write_text
from edgedf.locks import alone
from edgedf.nn.detector import Detector
from edgedf.nn.trunks import load_weights
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.models import build_model

CHECKPOINTS = {
    "last": "last_checkpoint.pth",
    "previous": "previous_checkpoint.pth",
    "best": "best_model.pth",
    "final": "final_model.pth",
}
FORMAT = "edgedf-1"


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

    A run within another run, a student without its teacher for comparison, does not count.

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
    """Role of the run in a folder; None where that is no run of this version."""
    try:
        return open_run(path).kind
    except InputError:
        return None


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


def save_checkpoint(path: Path, content: dict[str, Any], keep: Path | None = None) -> None:
    """Writes tensors and plain values, whole or not at all.

    Args:
        path: File to write.
        content: What `load_checkpoint` gives back.
        keep: Where the file goes that was at `path`, once the new one is written.

    Raises:
        InputError: The disk cannot take it.
    """
    with disk_trouble(path.parent), replacing(path) as beside:
        with beside.open("wb") as file:
            try:
                torch.save({"format": FORMAT, **content}, file)
            except RuntimeError as error:  # torch's own, of its archive, hides that of the disk
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None
                raise
            os.fsync(file.fileno())  # before the old one gives way
        if keep and path.exists():
            path.replace(keep)


def fingerprints_of(train: PackedFaces, val: PackedFaces) -> dict[str, list[str]]:
    """What a model was trained on, and what its threshold and best epoch were chosen on: one for each dataset."""
    return {"trained_on": list(train.fingerprints), "fitted_on": list(val.fingerprints)}


def save_model(
    out: Path, which: str, model: Detector, row: dict[str, Any], rule: str, faces: dict[str, list[str]]
) -> None:
    """Writes a run's `best` or `final` model.

    Args:
        out: The run folder.
        which: `best` or `final`.
        model: The network to keep.
        row: Its val metrics, see `edgedf.training.evaluation.evaluate_epoch`.
        rule: Chose the threshold among them.
        faces: See `fingerprints_of`.
    """
    content = {"weights": model.state_dict(), "metrics": row, "threshold": row["threshold"], "rule": rule, **faces}
    save_checkpoint(out / CHECKPOINTS[which], content)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads a checkpoint of ours; code in it is never run.

    Raises:
        CheckpointError: Missing, damaged, of a newer edgedf, a foreign file or a pickle of more than tensors.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    try:
        with ZipFile(path) as archive:  # torch takes changed bytes for weights
            if archive.testzip():
                raise BadZipFile
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for one cause
        raise CheckpointError(f"{path}: damaged, or a pickle that is not a checkpoint of edgedf") from error
    if not isinstance(content, dict) or not isinstance(found := content.get("format"), str):
        raise CheckpointError(f"{path}: not a checkpoint of edgedf")
    if found != FORMAT:
        if found.startswith("edgedf-"):
            raise CheckpointError(f"{path}: its format is {found}, this edgedf reads {FORMAT}: update edgedf")
        raise CheckpointError(f"{path}: not a checkpoint of edgedf")
    return content


def save_last(out: Path, content: dict[str, Any]) -> None:
    """Writes what a run goes on from; what it would have gone on from before is kept beside it."""
    save_checkpoint(out / CHECKPOINTS["last"], content, keep=out / CHECKPOINTS["previous"])


def load_last(out: Path) -> dict[str, Any]:
    """What a run goes on from: its last checkpoint or, where that is damaged, the one before, and says so.

    Raises:
        CheckpointError: Neither can be read.
    """
    try:
        return load_checkpoint(out / CHECKPOINTS["last"])
    except CheckpointError as error:
        previous = out / CHECKPOINTS["previous"]
        if not previous.exists():
            raise
        content = load_checkpoint(previous)
        say(f"{error}; going on from the checkpoint before it, {previous.name}")
        return content


def write_metrics(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes `metrics.csv`, one row an epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
