"""The dataset contract: a folder with `labels.csv`."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import DatasetError
from edgedf.faces.crop import Box
from edgedf.files import write_text

LABELS = ("real", "fake")
SPLITS = ("train", "val", "test")
BOX = ("box_x", "box_y", "box_w", "box_h")
REQUIRED = ("path", "label", "split", "group")

Log = Callable[[str], None]
Progress = Callable[[Iterable[int], str, int], Iterable[int]]
"""`(items, description, total)`: passes the items on and shows how far it got."""


@dataclass(frozen=True)
class Dataset:
    """Labelled pictures; nothing is read from them yet.

    Attributes:
        root: Folder that the paths are relative to.
        columns: Every column of `labels.csv`, by name, one string a row.
        rows: Line of each entry in `labels.csv` (its header is line 1), for messages.
    """

    root: Path
    columns: dict[str, list[str]]
    rows: Sequence[int] = ()

    def __post_init__(self) -> None:
        if not self.rows:
            object.__setattr__(self, "rows", range(2, len(self) + 2))

    def __len__(self) -> int:
        return len(self.columns["path"])

    @cached_property
    def paths(self) -> list[Path]:
        """Full path of each picture."""
        return [self.root / path for path in self.columns["path"]]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """`(N,)`, 1 is fake."""
        return np.array([LABELS.index(label) for label in self.columns["label"]], dtype=np.uint8)

    @property
    def splits(self) -> list[str]:
        """`train`, `val` or `test` for each picture."""
        return self.columns["split"]

    @property
    def groups(self) -> list[str]:
        """Source video or identity of each picture."""
        return self.columns["group"]

    @property
    def methods(self) -> list[str]:
        """Forgery method of each picture, empty where none is named."""
        return self._optional("method")

    @property
    def originals(self) -> NDArray[np.int64]:
        """`(N,)`, index of the real picture that each fake was made from; its own index where none is known.

        `original` holds the path of that picture, or its bare name, or the name of its video (column `video`): then it
        is the same frame. A name that fits two pictures counts as unknown.
        """
        names, paths = self._optional("original"), self.columns["path"]
        keys = [_frame_of(*cells) for cells in zip(paths, self._optional("video"), strict=True)]
        real = [i for i, label in enumerate(self.columns["label"]) if label == "real"]
        pictures = {paths[i]: i for i in real}
        counts = Counter(keys[i] for i in real)
        frames = {keys[i]: i for i in real if counts[keys[i]] == 1}
        found = np.arange(len(self))
        for i in (i for i, name in enumerate(names) if name and self.columns["label"][i] == "fake"):
            same_frame = PurePosixPath(names[i]).stem, keys[i][1]
            found[i] = pictures.get(names[i], frames.get(same_frame, i))
        return found

    @property
    def boxes(self) -> list[Box | None]:
        """Face box of each picture in pixels, `None` where it is a crop already."""
        if any(name not in self.columns for name in BOX):
            return [None] * len(self)
        cells = zip(*(self.columns[name] for name in BOX), strict=True)
        return [(float(x), float(y), float(w), float(h)) if x else None for x, y, w, h in cells]

    def _optional(self, name: str) -> list[str]:
        """The cells of a column, empty ones where there is no such column."""
        return self.columns.get(name, [""] * len(self))

    def select(self, which: NDArray[np.bool_] | NDArray[np.integer] | Sequence[int]) -> "Dataset":
        """The rows of a boolean mask `(N,)` or of a list of indices, in that order."""
        picked = np.asarray(which)
        indices = np.flatnonzero(picked) if picked.dtype == bool else picked.astype(int)
        columns = {name: [values[i] for i in indices] for name, values in self.columns.items()}
        return Dataset(self.root, columns, [self.rows[i] for i in indices])

    def split(self, name: str) -> "Dataset":
        """The rows of one split.

        Raises:
            DatasetError: There are none.
        """
        mask = np.array([split == name for split in self.splits], dtype=bool)
        if not mask.any():
            there = ", ".join(sorted(set(self.splits)))
            raise DatasetError(f"{self.root} has no rows in split {name!r}; it has {there}")
        return self.select(mask)


def _frame_of(path: str, video: str) -> tuple[str, str]:
    """Video and frame that a picture shows; without a video its bare name and nothing."""
    name = PurePosixPath(path)
    if not video:
        return name.stem, ""
    return video, name.stem if name.parent.name == video else name.stem.removeprefix(video)


def write_dataset(root: Path, columns: dict[str, list[str]]) -> None:
    """Writes `root/labels.csv`, whole or not at all."""
    write_table(root / "labels.csv", columns)


def write_table(file: Path, columns: dict[str, list[str]]) -> None:
    """Writes a CSV file with a header, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    write_text(file, text.getvalue())


def read_table(file: Path, required: Sequence[str]) -> tuple[dict[str, list[str]], list[int]]:
    """Reads a CSV file with a header.

    Returns:
        Columns of strings, and the line of the file that each row ends on, which blank lines and cells of several
        lines count in.

    Raises:
        DatasetError: The file is missing, not CSV text, or lacks a required column.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            (_, header), *rows = [(reader.line_num, row) for row in reader if row] or [(1, [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error
    missing = [name for name in required if name not in header]
    if missing:
        raise DatasetError(f"{file} lacks the column {', '.join(missing)}")
    ragged = [line for line, row in rows if len(row) != len(header)]
    if ragged:
        problems = [f"row {line}: it has not {len(header)} cells" for line in ragged]
        raise DatasetError(f"{file} has {len(ragged)} rows of another length than its header", problems)
    return {name: [row[i] for _, row in rows] for i, name in enumerate(header)}, [line for line, _ in rows]
