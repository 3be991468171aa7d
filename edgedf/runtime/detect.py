"""Verdicts for pictures on disk: photos, in which the faces are found first, or face crops."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import DatasetError, InputError
from edgedf.faces.crop import Box, CropRule, read_image
from edgedf.faces.detectors import Detector, load_detector
from edgedf.runtime.annotate import places, write_annotated
from edgedf.runtime.backends import BATCH
from edgedf.runtime.engine import Engine, cpus
from edgedf.runtime.verdict import Verdict, judge

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SIDE = 1280  # pixels that the faces are looked for in: a photo has time, and small faces; measured in faces/README.md


def find_pictures(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths` and the pictures in the folders among them, at any depth, in order.

    Raises:
        InputError: A path does not exist, or a folder holds no picture.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist")
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
        if path.is_dir() and not inside:
            raise InputError(f"{path} holds no picture ({', '.join(SUFFIXES)})")
        found += inside if path.is_dir() else [path]
    return found


def detect(engine: Engine, paths: Sequence[Path], save: Path | None = None) -> Iterator[Verdict]:
    """Finds the faces of photos with the detector that the bundle names, and judges each.

    Args:
        engine: Judges the faces.
        paths: Photos, and folders of photos.
        save: Folder for the pictures with their faces boxed, each under its own name; none where there is no face.

    Yields:
        The faces of each photo from left to right, boxes in pixels of the upright photo.

    Raises:
        InputError: There is nothing to judge, `save` cannot be written to, or the bundle's detector is unknown.
        DatasetError: Photos that cannot be read or show no face; raised at the end, and lists them.
    """
    rule = CropRule.from_dict(engine.manifest.input.crop)
    detector = load_detector(rule.detector, cpus(), SIDE)
    pictures = find_pictures(paths)
    place = places(paths, pictures, save) if save else {}
    problems: list[str] = []
    for path in pictures:
        try:
            photo = read_image(path)
        except InputError as error:
            problems.append(str(error))
            continue
        verdicts = _judged(engine, detector, rule, path, photo)
        if not verdicts:
            problems.append(f"{path}: no face found (if it is a face crop already: --crops)")
        elif save:
            write_annotated(place[path], photo, verdicts)
        yield from verdicts
    _tell(problems, len(pictures))


def detect_crops(engine: Engine, paths: Sequence[Path]) -> Iterator[Verdict]:
    """Judges pictures that are face crops already; of an oblong one, its centre square.

    Raises:
        InputError: There is nothing to judge.
        DatasetError: Pictures could not be read; raised at the end, and lists them.
    """
    rule = CropRule.from_dict(engine.manifest.input.crop)
    pictures = find_pictures(paths)
    problems: list[str] = []
    for start in range(0, len(pictures), BATCH):
        crops = _read_crops(pictures[start : start + BATCH], rule, problems)
        if crops:
            yield from judge(engine, list(crops.values()), [(path, 1, None) for path in crops])
    _tell(problems, len(pictures))


def _judged(engine: Engine, detector: Detector, rule: CropRule, path: Path, photo: NDArray[np.uint8]) -> list[Verdict]:
    """The faces of one photo: those of a folder of photos would gain nothing by being judged together."""
    [faces] = detector.detect([photo])
    boxes: list[Box] = sorted((x, y, width, height) for x, y, width, height in faces.boxes.tolist())
    if not boxes:
        return []
    crops = [rule.cut(photo, box) for box in boxes]
    return list(judge(engine, crops, [(path, i, box) for i, box in enumerate(boxes, 1)]))


def _read_crops(pictures: Sequence[Path], rule: CropRule, problems: list[str]) -> dict[Path, NDArray[np.uint8]]:
    """A crop for each readable picture; adds what is wrong with the others to `problems`."""
    crops: dict[Path, NDArray[np.uint8]] = {}
    for path in pictures:
        try:
            crops[path] = rule.whole(read_image(path))
        except InputError as error:
            problems.append(str(error))
    return crops


def _tell(problems: list[str], pictures: int) -> None:
    if problems:
        raise DatasetError(f"{len(problems)} of {pictures} pictures could not be judged", problems)
