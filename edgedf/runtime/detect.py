"""Verdicts for pictures on disk."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import DatasetError, InputError
from edgedf.faces.crop import CropRule, read_image
from edgedf.runtime.backends import BATCH
from edgedf.runtime.engine import Engine

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


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


def detect(engine: Engine, paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Judges pictures that are face crops; of an oblong one, its centre square.

    Yields:
        For each readable picture its `path`, `score` (0 to 1), `verdict` (`real` or `fake`) and `threshold`.

    Raises:
        InputError: There is nothing to judge.
        DatasetError: Pictures could not be read; raised at the end, and lists them.
    """
    rule = CropRule.from_dict(engine.manifest.input.crop)
    pictures = find_pictures(paths)
    problems: list[str] = []
    for start in range(0, len(pictures), BATCH):
        crops = _read(pictures[start : start + BATCH], rule, problems)
        if crops:
            scores = engine.predict(np.stack(list(crops.values()))).tolist()
            yield from (_verdict(engine, *pair) for pair in zip(crops, scores, strict=True))
    if problems:
        raise DatasetError(f"{len(problems)} of {len(pictures)} pictures could not be read", problems)


def _read(pictures: Sequence[Path], rule: CropRule, problems: list[str]) -> dict[Path, NDArray[np.uint8]]:
    """A crop for each readable picture; adds what is wrong with the others to `problems`."""
    crops: dict[Path, NDArray[np.uint8]] = {}
    for path in pictures:
        try:
            crops[path] = rule.whole(read_image(path))
        except InputError as error:
            problems.append(str(error))
    return crops


def _verdict(engine: Engine, path: Path, score: float) -> dict[str, Any]:
    verdict = engine.manifest.labels[score >= engine.threshold]
    return {"path": str(path), "score": score, "verdict": verdict, "threshold": engine.threshold}
