"""What the readers of folder trees share."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edgedf.data.checks import checked
from edgedf.data.dataset import REQUIRED, Dataset, Log
from edgedf.data.splits import split_by_group
from edgedf.errors import DatasetError

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ts"}
BESIDE = {".json", ".csv", ".txt", ".md"}  # descriptions that may lie among the pictures

Row = Mapping[str, str | Path]
Listing = Callable[[Path, Log], list[Path]]
"""The files of a folder that make rows; tells the log what it leaves out."""


def pictures(folder: Path, log: Log) -> list[Path]:
    """All pictures in a folder and below, sorted; says how many other files there are."""
    return _listed(folder, PICTURES, "pictures", log)


def pictures_and_videos(folder: Path, log: Log) -> list[Path]:
    """All pictures and videos in a folder and below, sorted; says how many other files there are."""
    return _listed(folder, PICTURES | VIDEOS, "pictures or videos", log)


def _listed(folder: Path, wanted: set[str], what: str, log: Log) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    others = [path for path in files if path.suffix.lower() not in wanted | BESIDE]
    if others:
        log(f"{folder}: {len(others)} files are not {what} and are left out, such as {others[0].name}")
    return [path for path in files if path.suffix.lower() in wanted]


def dataset_of(root: Path, rows: Sequence[Row], *, skip_broken: bool, keep_leaks: bool = False, log: Log) -> Dataset:
    """Checks rows and makes a dataset of them; those without a split get one by group.

    Raises:
        DatasetError: There are none, or rows are broken and not to be skipped.
    """
    if not rows:
        raise DatasetError(f"{root} holds no pictures of faces; are they extracted from the videos yet?")
    names = dict.fromkeys([*REQUIRED, *(name for row in rows for name in row)])
    columns = {name: [str(row.get(name, "")) for row in rows] for name in names}
    columns["path"] = [Path(path).relative_to(root).as_posix() for path in columns["path"]]
    _fill_splits(columns)
    return checked(Dataset(root, columns), skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def _fill_splits(columns: dict[str, list[str]]) -> None:
    open_rows = [i for i, split in enumerate(columns["split"]) if not split]
    groups = [columns["group"][i] for i in open_rows]
    labels = np.array([columns["label"][i] == "fake" for i in open_rows], dtype=np.uint8)
    # A test set that its makers chose is complete.
    fractions = (0.9, 0.1, 0.0) if "test" in columns["split"] else (0.8, 0.1, 0.1)
    for i, split in zip(open_rows, split_by_group(groups, labels, fractions), strict=True):
        columns["split"][i] = split


class Families:
    """Names that belong together, through any chain of pairs."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, names: Sequence[str]) -> None:
        """Says that these names belong together."""
        first = self.of(names[0])
        for name in names[1:]:
            self._parent[self.of(name)] = first

    def of(self, name: str) -> str:
        """One name that stands for all that belong with `name`."""
        while (parent := self._parent.setdefault(name, name)) != name:
            name = parent
        return name
