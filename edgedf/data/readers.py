"""Readers: a dataset from whatever layout its files came in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgedf.console import say
from edgedf.data.checks import checked
from edgedf.data.dataset import LABELS, REQUIRED, SPLITS, Dataset, Log, read_table
from edgedf.data.published import from_celeb_df, from_dfdc, from_faceforensics
from edgedf.data.splits import split_by_group
from edgedf.data.trees import Listing, Row, dataset_of, pictures
from edgedf.errors import DatasetError, InputError

LAYOUTS = (
    "labels.csv",
    "real/ and fake/, or train/real/ and so on",
    "a DFDC tree with metadata.json",
    "a FaceForensics++ tree with original_sequences/",
    "a Celeb-DF tree with Celeb-real/",
    "a CSV file",
)
LABEL_OF = {"real": "real", "0": "real", "fake": "fake", "1": "fake"}


def open_dataset(
    root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say, listing: Listing = pictures
) -> Dataset:
    """Opens a dataset in any layout that is known.

    Args:
        root: A folder, or a CSV file.
        skip_broken: Leave broken rows out and log each, rather than stop.
        keep_leaks: Keep a row whose group or pixels are in another split too, for the audit to find.
        log: Receives one line for each thing left out.
        listing: Finds the files in folders: faces that are cut out already, or also the videos they come from.

    Raises:
        InputError: The layout is not known.
        DatasetError: Rows are broken and not to be skipped.
    """
    if root.suffix == ".csv" and root.is_file():
        return from_csv(root, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)
    if not root.is_dir():
        raise InputError(f"there is no folder {root}")
    if (root / "labels.csv").is_file():
        return read_dataset(root, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)
    if reader := _tree_reader(root):
        return reader(root, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log, listing=listing)
    raise InputError(f"{root} is not a dataset: it needs {'; or '.join(LAYOUTS)}")


def is_dataset(root: Path) -> bool:
    """Whether `open_dataset` knows the layout."""
    return (root.suffix == ".csv" and root.is_file()) or (root / "labels.csv").is_file() or bool(_tree_reader(root))


def _tree_reader(root: Path) -> Callable[..., Dataset] | None:
    """The reader of a tree without `labels.csv`, if its layout is known."""
    if any(root.glob("metadata.json")) or any(root.glob("*/metadata.json")):
        return from_dfdc
    if (root / "original_sequences").is_dir() or (root / "manipulated_sequences").is_dir():
        return from_faceforensics
    if (root / "Celeb-real").is_dir() or (root / "Celeb-synthesis").is_dir():
        return from_celeb_df
    return from_class_folders if _class_folders(root) else None


def read_dataset(root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say) -> Dataset:
    """Reads and checks `root/labels.csv`.

    Args:
        root: The dataset's folder.
        skip_broken: Leave broken rows out and log each, rather than stop.
        keep_leaks: Keep a row whose group or pixels are in another split too, for the audit to find.
        log: Receives one line for each row left out.

    Raises:
        DatasetError: The table is unusable, or rows are broken and not to be skipped.
    """
    return checked(
        Dataset(root, *read_table(root / "labels.csv", REQUIRED)),
        skip_broken=skip_broken,
        keep_leaks=keep_leaks,
        log=log,
    )


def from_class_folders(
    root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say, listing: Listing = pictures
) -> Dataset:
    """Reads `real/` and `fake/`, either in `root` or in `train/`, `val/` and `test/`.

    Pictures in a folder of their own (`real/VIDEO/1.png`) form a group. Others are a group with those of the
    same name, as a fake is often named after its source.
    """
    rows: list[Row] = []
    for split, label, folder in _class_folders(root):
        for picture in listing(folder, log):
            inside = picture.relative_to(folder)
            video = inside.parts[0] if len(inside.parts) > 1 else inside.stem
            # Names start again in each split folder: 0001.jpg of two splits is not one source.
            group = f"{split}/{video}" if split else video
            rows.append({"path": picture, "label": label, "split": split, "group": group})
    return dataset_of(root, rows, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def from_csv(
    file: Path,
    path: str = "path",
    label: str = "label",
    split: str = "split",
    group: str = "group",
    *,
    skip_broken: bool = False,
    keep_leaks: bool = False,
    log: Log = say,
) -> Dataset:
    """Reads any CSV file, by the names of its columns; paths are relative to the file.

    Labels may be `real` and `fake` in any case, or 0 and 1. Without a column of groups each picture is one;
    without one of splits they are dealt out by group. All other columns are kept.

    Raises:
        DatasetError: The path or label column is missing, or rows are broken and not to be skipped.
    """
    table, rows = read_table(file, (path, label))
    names = {path: "path", label: "label", split: "split", group: "group"}
    columns = {names.get(name, name): cells for name, cells in table.items()}
    columns["label"] = [LABEL_OF.get(cell.strip().lower(), cell) for cell in columns["label"]]
    columns.setdefault("group", columns["path"])
    if "split" not in columns:
        columns["split"] = _dealt(columns, file)
    return checked(Dataset(file.parent, columns, rows), skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def _dealt(columns: dict[str, list[str]], file: Path) -> list[str]:
    """Splits by group; a label that is no label counts as real here, and is reported later."""
    if not columns["path"]:
        raise DatasetError(f"{file} holds no rows")
    labels = np.array([cell == "fake" for cell in columns["label"]], dtype=np.uint8)
    return split_by_group(columns["group"], labels)


def _class_folders(root: Path) -> list[tuple[str, str, Path]]:
    """Split (or an empty string), label and folder of each class folder."""
    places = [("", root), *((split, root / split) for split in SPLITS)]
    found = [(split, label, place / label) for split, place in places for label in LABELS]
    return [entry for entry in found if entry[2].is_dir()]
