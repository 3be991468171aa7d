"""What faces are cut from: every photo and video, with its label, split and group."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from edgedf.data.dataset import BOX, LABELS, Log, read_table
from edgedf.data.readers import is_dataset, open_dataset
from edgedf.data.splits import split_by_group
from edgedf.data.trees import PICTURES, VIDEOS, pictures_and_videos
from edgedf.errors import DatasetError, InputError

Cells = dict[str, str]


@dataclass(frozen=True)
class Source:
    """A photo or video.

    Attributes:
        path: The file.
        place: Where in the output its crops go, such as `clips/real/033`; no two sources have one.
        cells: Its cells of `labels.csv`, in which `label`, `split` and `group` are always there.
    """

    path: Path
    place: str
    cells: Cells

    @property
    def is_video(self) -> bool:
        """Whether it has frames."""
        return self.path.suffix.lower() not in PICTURES

    @property
    def address(self) -> str:
        """Where people find it."""
        return str(self.path)

    @property
    def state(self) -> str:
        """Changes when the file does."""
        stat = self.path.stat()
        return f"{stat.st_size}-{stat.st_mtime_ns}"


def find_sources(paths: Sequence[Path], label: str | None, grouping: str | None, log: Log) -> list[Source]:
    """Lists the photos and videos below some paths, in a fixed order.

    Args:
        paths: Photos, videos, datasets in a layout that is known, or folders of photos and videos.
        label: Of those that are no dataset.
        grouping: A CSV file with the columns `path` and `group`, or a regular expression whose first group, or else
            whose match, in a source's place is its group. Splits are then dealt anew.
        log: Receives one line for each thing left out.

    Raises:
        InputError: A path is of no use, or the label of one is not known.
        DatasetError: A dataset is unusable, or the grouping says nothing of some sources.
    """
    names = [path.absolute().name for path in paths]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"two sources are named {twice[0]}: rename one, as crops are filed by that name")
    found = [source for path, name in zip(paths, names, strict=True) for source in _found(path, name, label, log)]
    found = _placed_apart(found)
    if grouping:
        found = _grouped(found, grouping)
    found = _split(found)
    _require_whole(found)
    return found


def _found(path: Path, name: str, label: str | None, log: Log) -> list[Source]:
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if is_dataset(path):
        return _of_dataset(path, name, log)
    files = pictures_and_videos(path, log) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} holds no picture and no video")
    if path.is_file() and path.suffix.lower() not in PICTURES | VIDEOS:
        raise InputError(f"{path} is neither a picture nor a video that is known: {', '.join(sorted(VIDEOS))}")
    if label not in LABELS:
        raise InputError(f"{path} is no dataset, so its label is not known: say --label real or --label fake")
    return [_unlabelled(file, path, name, label) for file in files]


def _of_dataset(path: Path, name: str, log: Log) -> list[Source]:
    dataset = open_dataset(path, skip_broken=True, log=log, listing=pictures_and_videos)
    own = [column for column in dataset.columns if column not in ("path", "native_px", *BOX)]
    sources = []
    for i, file in enumerate(dataset.paths):
        cells = {column: dataset.columns[column][i] for column in own}
        inside = PurePosixPath(dataset.columns["path"][i])
        # A path that leaves its folder would leave the output too.
        parts = [part for part in inside.parts if part not in ("..", inside.anchor)]
        sources.append(Source(file, "/".join([name.removesuffix(".csv"), *parts]), cells))
    return sources


def _unlabelled(file: Path, root: Path, name: str, label: str) -> Source:
    place = f"{name}/{file.relative_to(root).as_posix()}" if root.is_dir() else name
    group = PurePosixPath(place).with_suffix("").as_posix()
    return Source(file, place, {"label": label, "split": "", "group": group})


def _placed_apart(sources: list[Source]) -> list[Source]:
    """Takes the endings off the places, save where two files differ in nothing else."""
    short = [str(PurePosixPath(one.place).with_suffix("")) for one in sources]
    counts = Counter(short)
    places = [name if counts[name] == 1 else one.place for name, one in zip(short, sources, strict=True)]
    return [
        replace(one, place=place, cells=one.cells | {"video": one.cells.get("video") or _video_name(one, place)})
        for one, place in zip(sources, places, strict=True)
    ]


def _video_name(source: Source, place: str) -> str:
    return PurePosixPath(place).name if source.is_video else ""


def _grouped(sources: list[Source], grouping: str) -> list[Source]:
    groups = _table_groups(sources, Path(grouping)) if grouping.endswith(".csv") else _named_groups(sources, grouping)
    if missing := [one.place for one, group in zip(sources, groups, strict=True) if not group]:
        raise DatasetError(f"--group-by {grouping} tells no group for {len(missing)} sources", missing)
    regrouped = zip(sources, groups, strict=True)
    return [replace(one, cells=one.cells | {"group": group, "split": ""}) for one, group in regrouped]


def _table_groups(sources: list[Source], file: Path) -> list[str]:
    """Groups by a table whose paths end as the sources' do."""
    table, _ = read_table(file, ("path", "group"))
    groups = dict(zip(table["path"], table["group"], strict=True))
    return [_by_tail(one.path, groups) for one in sources]


def _by_tail(path: Path, groups: dict[str, str]) -> str:
    parts = path.absolute().parts
    tails = ("/".join(parts[i:]) for i in range(1, len(parts)))
    return next((groups[tail] for tail in (str(path), *tails) if tail in groups), "")


def _named_groups(sources: list[Source], pattern: str) -> list[str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"--group-by {pattern!r} is no regular expression: {error}") from error
    matches = [expression.search(one.place) for one in sources]
    return [(match[1] if expression.groups else match[0]) or "" if match else "" for match in matches]


def _split(sources: list[Source]) -> list[Source]:
    """Deals those without a split out by group."""
    open_ones = [one for one in sources if not one.cells["split"]]
    labels = np.array([one.cells["label"] == "fake" for one in open_ones], dtype=np.uint8)
    splits = iter(split_by_group([one.cells["group"] for one in open_ones], labels))
    return [one if one.cells["split"] else replace(one, cells=one.cells | {"split": next(splits)}) for one in sources]


def _require_whole(sources: list[Source]) -> None:
    """Finds now what would make the output unusable after hours of work."""
    splits: dict[str, str] = {}
    torn = [
        f"{one.place}: group {one.cells['group']!r} is in {one.cells['split']} and in {split}"
        for one in sources
        if (split := splits.setdefault(one.cells["group"], one.cells["split"])) != one.cells["split"]
    ]
    if torn:
        raise DatasetError(f"{len(torn)} sources have a group that is in two splits: regroup with --group-by", torn)
    if twice := [place for place, count in Counter(one.place for one in sources).items() if count > 1]:
        raise InputError(f"two sources would be filed as {twice[0]}: rename one")
