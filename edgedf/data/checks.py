"""What can be wrong with a dataset, row by row."""

import io
import math
import os
from collections import defaultdict
from collections.abc import Container, Sequence
from pathlib import Path

from edgedf.console import say
from edgedf.data.dataset import BOX, LABELS, REQUIRED, SPLITS, Dataset, Log
from edgedf.errors import DatasetError
from edgedf.files import sha256

ADVICE = "mend them, remove them, or train with --skip-broken"


def checked(dataset: Dataset, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say) -> Dataset:
    """The dataset without its broken rows, or an error that lists them; see `open_dataset`.

    Raises:
        DatasetError: Rows are broken and not to be skipped, or none are left.
    """
    problems = row_problems(dataset) if keep_leaks else find_problems(dataset)
    lines = [problem_line(dataset, i, problem) for i, problem in sorted(problems.items())]
    if lines and not skip_broken:
        raise DatasetError(f"{dataset.root} has {len(lines)} broken rows: {ADVICE}", lines)
    for line in lines:
        log(f"skipped {line}")
    kept = dataset.select([i for i in range(len(dataset)) if i not in problems])
    if not len(kept):
        raise DatasetError(f"{dataset.root} holds no usable rows")
    return kept


def problem_line(dataset: Dataset, index: int, problem: str) -> str:
    """What is wrong with one row, for people."""
    return f"row {dataset.rows[index]}: {dataset.columns['path'][index]}: {problem}"


def find_problems(dataset: Dataset) -> dict[int, str]:
    """What is wrong with each broken row, by its index."""
    problems = row_problems(dataset)
    problems |= _listed_twice(dataset, problems)
    problems |= _torn_groups(dataset, problems)
    return problems | _shared_files(dataset, problems)


def row_problems(dataset: Dataset) -> dict[int, str]:
    """What is wrong with each row by itself, by index."""
    problems: dict[int, str] = {}
    labels, splits, groups = (dataset.columns[name] for name in REQUIRED[1:])
    for i, path in enumerate(dataset.paths):
        if labels[i] not in LABELS:
            problems[i] = f"unknown label {labels[i]!r}, use real or fake"
        elif splits[i] not in SPLITS:
            problems[i] = f"unknown split {splits[i]!r}, use train, val or test"
        elif not groups[i]:
            problems[i] = "the group is empty"
        elif not os.path.isfile(path):  # unlike the method of a path, no error where the name is too long
            problems[i] = "missing file"
        elif not _is_box([dataset.columns[name][i] for name in BOX if name in dataset.columns]):
            problems[i] = "the face box is not four numbers"
    return problems


def _listed_twice(dataset: Dataset, broken: Container[int]) -> dict[int, str]:
    seen: set[Path] = set()
    problems: dict[int, str] = {}
    for i, path in enumerate(dataset.paths):
        if i not in broken and path in seen:
            problems[i] = "listed twice"
        seen.add(path)
    return problems


def _is_box(cells: Sequence[str]) -> bool:
    """Whether these are no box at all or four numbers."""
    try:
        return not any(cells) or (len(cells) == 4 and all(math.isfinite(float(cell)) for cell in cells))
    except ValueError:
        return False


def _torn_groups(dataset: Dataset, broken: Container[int]) -> dict[int, str]:
    home: dict[str, str] = {}
    problems: dict[int, str] = {}
    for i, (group, split) in enumerate(zip(dataset.groups, dataset.splits, strict=True)):
        if i not in broken and home.setdefault(group, split) != split:
            problems[i] = f"group {group!r} is in {split} and in {home[group]}"
    return problems


def _shared_files(dataset: Dataset, broken: Container[int]) -> dict[int, str]:
    """Rows whose file is byte for byte that of a row in another split."""
    same: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for i, path in enumerate(dataset.paths):
        if i not in broken:
            same[_tail(path)].append(i)
    problems: dict[int, str] = {}
    for rows in same.values():
        if len({dataset.splits[i] for i in rows}) > 1:
            # Equal ends are only a hint; equal hashes are the proof.
            digests = [sha256(dataset.paths[i].read_bytes()) for i in rows]
            problems |= split_clashes(dataset, rows, digests)
    return problems


def split_clashes(dataset: Dataset, indices: Sequence[int], digests: Sequence[str]) -> dict[int, str]:
    """Rows with the digest of an earlier row in another split, by index."""
    first: dict[str, int] = {}
    problems: dict[int, str] = {}
    for i, digest in zip(indices, digests, strict=True):
        j = first.setdefault(digest, i)
        if dataset.splits[i] != dataset.splits[j]:
            problems[i] = f"same pixels as row {dataset.rows[j]}, which is in {dataset.splits[j]}"
    return problems


def _tail(path: Path) -> tuple[int, bytes]:
    """Size and last bytes of a file: cheap to read and rarely shared by two pictures."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - 256, 0))
        return size, file.read()
