"""Verdicts for files: photos and videos, in which the faces are found first, or face crops."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import DatasetError, InputError
from edgedf.extras import need
from edgedf.faces.crop import Box, CropRule, read_image
from edgedf.faces.decoding import Faces
from edgedf.faces.detectors import Detector, load_detector
from edgedf.runtime.annotate import places, write_annotated
from edgedf.runtime.backends import BATCH
from edgedf.runtime.engine import Engine, cpus
from edgedf.runtime.listing import find_pictures, find_pictures_and_videos, is_video
from edgedf.runtime.live.quality import of_box, of_crop
from edgedf.runtime.verdict import Verdict, judge_crops
from edgedf.runtime.video.judge import judge_video
from edgedf.runtime.video.verdict import VideoVerdict

SIDE = 1280  # pixels that the faces are looked for in: a photo has time, and small faces; measured in faces/README.md


def detect(engine: Engine, paths: Sequence[Path], save: Path | None = None) -> Iterator[Verdict | VideoVerdict]:
    """Finds the faces of photos and videos with the detector that the bundle names, and judges each.

    Args:
        engine: Judges the faces.
        paths: Photos and videos, and folders of them.
        save: Folder for the photos and videos with their faces boxed, each under its own name; none where there is no
            face.

    Yields:
        The faces of each photo from left to right, boxes in pixels of the upright photo; one verdict for each video.

    Raises:
        InputError: There is nothing to judge, `save` cannot be written to, or the bundle's detector is unknown.
        MissingExtraError: There is a video, and PyAV is not installed.
        DatasetError: Files that cannot be read, show no face, or videos of which something cannot be told; raised at
            the end, and lists them.
    """
    detector = load_detector(CropRule.from_dict(engine.manifest.input.crop).detector, cpus(), SIDE)
    files = find_pictures_and_videos(paths)
    if any(is_video(path) for path in files):
        need("av", "camera")  # before an hour's work on photos
    place = places(paths, files, save) if save else {}
    problems: list[str] = []
    for path in files:
        if is_video(path):
            yield from _video(engine, path, place.get(path), problems)
            continue
        try:
            photo = read_image(path)
        except InputError as error:
            problems.append(str(error))
            continue
        verdicts = judge_photo(engine, detector, path, photo)
        if not verdicts:
            problems.append(f"{path}: no face found (if it is a face crop already: --crops)")
        elif save:
            write_annotated(place[path], photo, verdicts)
        if verdicts and all(one.reason for one in verdicts):
            reasons = ", ".join(sorted({one.reason for one in verdicts}))
            problems.append(f"{path}: no face in it can be judged ({reasons})")
        yield from verdicts
    _tell(problems, files)


def detect_crops(engine: Engine, paths: Sequence[Path]) -> Iterator[Verdict]:
    """Judges pictures that are face crops already; of an oblong one, its centre square.

    Raises:
        InputError: There is nothing to judge.
        DatasetError: Pictures could not be read; raised at the end, and lists them.
    """
    rule = CropRule.from_dict(engine.manifest.input.crop)
    pictures = find_pictures(paths)
    if video := next((path for path in pictures if is_video(path)), None):
        raise InputError(f"{video} is a video, whose faces are found first: leave --crops out")
    problems: list[str] = []
    for start in range(0, len(pictures), BATCH):
        crops = _read_crops(pictures[start : start + BATCH], rule, problems)
        if crops:
            yield from judge_crops(engine, list(crops.values()), [(path, 1, None) for path in crops])
    _tell(problems, pictures)


def judge_photo(engine: Engine, detector: Detector, path: Path, photo: NDArray[np.uint8]) -> list[Verdict]:
    """Finds and judges the faces of one photo: those of several would gain nothing by being judged together.

    Args:
        engine: Judges them.
        detector: Finds them; the one that the bundle names.
        path: Of the photo, for its verdicts.
        photo: `(H, W, 3)` RGB, upright.

    Returns:
        From left to right; of a face that is too small, dark, blurred or turned to tell it abstains.
    """
    rule = CropRule.from_dict(engine.manifest.input.crop)
    faces = faces_of(detector, photo)
    if not len(faces.boxes):
        return []
    boxes: list[Box] = [(x, y, width, height) for x, y, width, height in faces.boxes.tolist()]
    squares = [rule.square(box, photo.shape[1], photo.shape[0]) for box in boxes]
    crops = [rule.cut_square(photo, square) for square in squares]
    seen = zip(squares, faces.points, crops, strict=True)
    reasons = [(of_box(square[2], points).reason or of_crop(crop).reason) for square, points, crop in seen]
    return list(judge_crops(engine, crops, [(path, i, box) for i, box in enumerate(boxes, 1)], reasons))


def faces_of(detector: Detector, photo: NDArray[np.uint8]) -> Faces:
    """The faces of a photo `(H, W, 3)`, from left to right."""
    [faces] = detector.detect([photo])
    return faces.take(np.lexsort(faces.boxes.T[::-1]))


def _video(engine: Engine, path: Path, save: Path | None, problems: list[str]) -> Iterator[VideoVerdict]:
    """The verdict of a video that can be read; adds what is wrong with it to `problems`."""
    try:
        verdict = judge_video(engine, path, save)
    except InputError as error:
        problems.append(str(error))
        return
    if verdict.problem:
        problems.append(verdict.problem)
    yield verdict


def _read_crops(pictures: Sequence[Path], rule: CropRule, problems: list[str]) -> dict[Path, NDArray[np.uint8]]:
    """A crop for each readable picture; adds what is wrong with the others to `problems`."""
    crops: dict[Path, NDArray[np.uint8]] = {}
    for path in pictures:
        try:
            crops[path] = rule.whole(read_image(path))
        except InputError as error:
            problems.append(str(error))
    return crops


def _tell(problems: list[str], files: Sequence[Path]) -> None:
    if problems:
        videos = sum(map(is_video, files))
        kind = "pictures" if not videos else "videos" if videos == len(files) else "files"
        raise DatasetError(f"{len(problems)} of {len(files)} {kind} could not be judged", problems)
