"""The framing of a real shared with the fakes made from it, so that it cannot tell them apart."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from edgedf.data.dataset import BOX, REQUIRED, read_table
from edgedf.data.prepare.outcome import PHOTO, Face
from edgedf.data.prepare.sources import Source

SQUARE = ("crop_x", "crop_y", "crop_side")

Shared = Mapping[str, list[Face]]
"""Faces of each real video, by its name; of photos, by the name of the photo."""


def faces_of_reals(root: Path) -> Shared:
    """Reads the faces of the reals in an output of this package.

    Raises:
        DatasetError: `labels.csv` is missing or not of such an output.
    """
    table, _ = read_table(root / "labels.csv", (*REQUIRED, "video", "frame", *SQUARE, *BOX))
    found = defaultdict(list)
    for i, label in enumerate(table["label"]):
        if label == "real":
            name, number = PurePosixPath(table["path"][i]).stem.rsplit("_", 1)
            x, y, side = (float(table[column][i]) for column in SQUARE)
            left, top, width, height = (float(table[column][i]) for column in BOX)
            frame = int(table["frame"][i] or PHOTO)
            key = table["video"][i] if frame != PHOTO else _photo_key(table["video"][i], name)
            found[key].append(Face(frame, int(number), (x, y, side), (left, top, width, height)))
    return found


def shared_with(source: Source, faces: Shared) -> list[Face] | None:
    """The faces to cut from a fake; None for reals and where the original is not known or has none."""
    original = source.cells.get("original", "")
    if source.cells["label"] != "fake" or not original:
        return None
    key = (
        original if source.is_video else _photo_key(original if source.cells["video"] else "", _name(source, original))
    )
    return faces.get(key)


def _name(source: Source, original: str) -> str:
    """Name of the photo that a fake photo was made from: the same frame of the other video, or that of its own."""
    return PurePosixPath(source.place).name if source.cells["video"] else PurePosixPath(original).stem


def _photo_key(video: str, name: str) -> str:
    return f"{video}/{name}" if video else name
