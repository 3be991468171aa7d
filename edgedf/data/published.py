"""Readers of published data sets, as face crops extracted from their videos."""

import json
import re
from collections.abc import Container
from pathlib import Path

from edgedf.console import say
from edgedf.data.dataset import Dataset, Log
from edgedf.data.trees import Families, Listing, Row, dataset_of, pictures
from edgedf.errors import DatasetError

DFDC_SPLITS = {"train": "train", "val": "val", "validation": "val", "test": "test"}


def from_dfdc(
    root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say, listing: Listing = pictures
) -> Dataset:
    """Reads a DFDC tree: `metadata.json` files, each with the crops of its videos beside it.

    A crop belongs to the video `x.mp4` when it lies in a folder `x/` or is named `x.jpg` or `x_0.png`. The
    group is the original video. The splits of the metadata count when there is more than one of them.

    Raises:
        DatasetError: A metadata file is unusable, a crop is of no listed video, or rows are broken.
    """
    rows: list[dict[str, str | Path]] = []
    strays: list[str] = []
    for file in sorted([*root.glob("metadata.json"), *root.glob("*/metadata.json")]):
        videos = _metadata(file)
        for picture in listing(file.parent, log):
            name = _video_of(picture, videos)
            if name:
                rows.append({"path": picture, **_dfdc_row(name, videos[name])})
            else:
                strays.append(f"{picture.relative_to(root)}: not of a video in {file.name}")
    _leave_out(root, strays, skip_broken, log)
    if len({row["split"] for row in rows}) < 2:
        for row in rows:
            row["split"] = ""
    return dataset_of(root, rows, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def _metadata(file: Path) -> dict[str, dict[str, str]]:
    """Entries of a metadata file, by the video's name without its ending."""
    try:
        videos = json.loads(file.read_text(encoding="utf-8")).items()
        return {Path(name).stem: {key: str(cell or "") for key, cell in entry.items()} for name, entry in videos}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DatasetError(f"{file} is not DFDC metadata: {error}") from error


def _video_of(picture: Path, videos: Container[str]) -> str:
    """Name of the listed video that a crop is of, or an empty string."""
    candidates = (picture.parent.name, picture.stem, picture.stem.rsplit("_", 1)[0])
    return next((name for name in candidates if name in videos), "")


def _dfdc_row(name: str, entry: dict[str, str]) -> dict[str, str]:
    original = Path(entry.get("original", "")).stem
    split = entry.get("split", "")
    return {
        "label": entry.get("label", "").lower(),
        "split": DFDC_SPLITS.get(split, split),
        "group": original or name,
        "original": original,
        "video": name,
    }


def from_faceforensics(
    root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say, listing: Listing = pictures
) -> Dataset:
    """Reads a FaceForensics++ tree of extracted faces or frames.

    `original_sequences/SOURCE/...` is real and `manipulated_sequences/METHOD/...` is fake. The video's name
    (`000`, or `000_003` for the face of 003 on 000) is that of the crop's folder, or begins the crop's own.
    The group is everyone connected by such pairs. Official splits count where `splits/train.json` and so on
    are there.

    Raises:
        DatasetError: A crop's name tells no video, or rows are broken and not to be skipped.
    """
    found, strays = [], []
    families = Families()
    for top, label, people in (("original_sequences", "real", 1), ("manipulated_sequences", "fake", 2)):
        for picture in listing(root / top, log):
            source, *inside = picture.relative_to(root / top).parts
            if "masks" in inside:  # films of the forged region
                continue
            ids = _people(picture, people)
            if ids:
                # The actors' films count their people from 01 too.
                names = [f"actor{name}" if len(name) < 3 else name for name in ids]
                families.join(names)
                found.append((picture, label, source if label == "fake" else "", names))
            else:
                strays.append(f"{picture.relative_to(root)}: its name tells no video")
    _leave_out(root, strays, skip_broken, log)
    official = _official_splits(root)
    rows: list[Row] = [
        {"path": path, "label": label, "split": official.get(names[0], ""), "group": families.of(names[0]),
         "method": method, "video": "_".join(names), "original": names[0] if label == "fake" else ""}
        for path, label, method, names in found
    ]  # fmt: skip
    return dataset_of(root, rows, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def _people(picture: Path, count: int) -> list[str]:
    """The `count` numbers that begin the name of a crop's folder or of the crop, or none."""
    for name in (picture.parent.name, picture.stem):
        match = re.match(r"\d{2,3}(?!\d)" + r"_(\d{2,3})(?!\d)" * (count - 1), name)
        if match:
            return match.group().split("_")
    return []


def _official_splits(root: Path) -> dict[str, str]:
    """Split of each person by `splits/*.json`, lists of pairs; empty without those files."""
    splits = {}
    for split in ("train", "val", "test"):
        file = root / "splits" / f"{split}.json"
        try:
            pairs = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
            splits.update({name: split for pair in pairs for name in pair})
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise DatasetError(f"{file} is not a list of pairs: {error}") from error
    return splits


def from_celeb_df(
    root: Path, *, skip_broken: bool = False, keep_leaks: bool = False, log: Log = say, listing: Listing = pictures
) -> Dataset:
    """Reads a Celeb-DF tree: crops in `Celeb-real`, `YouTube-real` and `Celeb-synthesis`.

    A crop belongs to the video that its folder, or the beginning of its own name, names. The group is the
    video that a fake was made on: `id1_0002` for `id1_id0_0002`. The videos in `List_of_testing_videos.txt`
    are the test split; others made on the same video are left out and counted. The rest is split by group
    into train and val, so one person may be in both.

    Raises:
        DatasetError: A crop's name tells no video, or rows are broken and not to be skipped.
    """
    listed = _testing_videos(root)
    rows: list[dict[str, str | Path]] = []
    strays: list[str] = []
    for top, label in (("Celeb-real", "real"), ("YouTube-real", "real"), ("Celeb-synthesis", "fake")):
        for picture in listing(root / top, log):
            match = _celeb_name(picture)
            if not match:
                strays.append(f"{picture.relative_to(root)}: its name tells no video")
                continue
            group = "_".join(part for part in (match["target"], match["clip"]) if part)
            split = "test" if f"{top}/{match.group()}" in listed else ""
            rows.append(
                {"path": picture, "label": label, "split": split, "group": group,
                 "video": match.group(), "original": group if label == "fake" else ""}
            )  # fmt: skip
    _leave_out(root, strays, skip_broken, log)
    held_out = {row["group"] for row in rows if row["split"]}
    kept = [row for row in rows if row["split"] or row["group"] not in held_out]
    if len(kept) < len(rows):
        log(f"{root}: {len(rows) - len(kept)} pictures share a video with the test split and are left out")
    return dataset_of(root, kept, skip_broken=skip_broken, keep_leaks=keep_leaks, log=log)


def _celeb_name(picture: Path) -> re.Match[str] | None:
    """Target, source and clip in the name of a crop's folder or of the crop."""
    pattern = re.compile(r"(?:(?P<target>id\d+)_(?:(?P<source>id\d+)_)?)?(?P<clip>\d{4,5})(?!\d)")
    return pattern.match(picture.parent.name) or pattern.match(picture.stem)


def _testing_videos(root: Path) -> set[str]:
    """`Celeb-real/id1_0002` and so on."""
    file = root / "List_of_testing_videos.txt"
    if not file.is_file():
        return set()
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file} is not a list of videos: {error}") from error
    return {words[1].removesuffix(".mp4") for words in lines if len(words) == 2}


def _leave_out(root: Path, strays: list[str], skip_broken: bool, log: Log) -> None:
    if strays and not skip_broken:
        raise DatasetError(f"{root} has {len(strays)} pictures that belong to no video: mend or skip them", strays)
    for stray in strays:
        log(f"skipped {stray}")
