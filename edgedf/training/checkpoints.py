"""Checkpoints: files of tensors and plain values, written whole, and read without running what is in them."""

import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch

from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.errors import CheckpointError
from edgedf.files import disk_trouble, replacing
from edgedf.nn.detector import Detector

CHECKPOINTS = {
    "last": "last_checkpoint.pth",
    "previous": "previous_checkpoint.pth",
    "best": "best_model.pth",
    "final": "final_model.pth",
}
FORMAT = "edgedf-1"


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


def fingerprints_of(train: PackedFaces, val: PackedFaces) -> dict[str, list[str]]:
    """What a model was trained on, and what its threshold and best epoch were chosen on: one for each dataset."""
    return {"trained_on": list(train.fingerprints), "fitted_on": list(val.fingerprints)}


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
