"""Writing a packing: decode, cut, check, and show the folder only when it is whole."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedf.data.checks import ADVICE, problem_line, split_clashes
from edgedf.data.dataset import Dataset, Progress
from edgedf.errors import DatasetError, InputError
from edgedf.faces.crop import SIZE, Box, CropRule, read_image
from edgedf.files import require_room, sha256, write_text
from edgedf.locks import lock

PIXELS, INDEX = "pixels.u8", "index.json"
CHUNK = 256  # pictures decoded at a time


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets one process pack while others wait for it; a killed one frees its lock.

    Raises:
        InputError: The cache cannot be written to.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        file = folder.with_name(f"{folder.name}.lock").open("w")
    except OSError as error:
        raise InputError(
            f"{folder.parent} cannot be written to ({error.strerror}): set EDGEDF_CACHE to a folder that can"
        ) from error
    with file:
        lock(file.fileno(), folder)  # on Windows two processes would both pack, and the first rename wins
        yield


def write_pack(dataset: Dataset, rule: CropRule, folder: Path, progress: Progress | None, skip_broken: bool) -> None:
    """Packs into a folder beside `folder` and renames it when all is written.

    Raises:
        DatasetError: Pictures are unreadable and not to be skipped, or two splits share pixels.
        InputError: The disk has no room.
    """
    require_room(folder.parent, len(dataset) * SIZE * SIZE * 3)
    beside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)  # of a packing that was killed
    beside.mkdir()
    try:
        digests, problems = _write_pixels(dataset, rule, beside / PIXELS, progress)
        unreadable = list(problems.values())
        require_readable(dataset, unreadable, skip_broken)
        _require_apart(dataset, digests)
        index = {"kept": list(digests), "digests": list(digests.values()), "problems": unreadable}
        write_text(beside / INDEX, json.dumps(index))
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_pictures(dataset: Dataset, progress: Progress | None = None) -> None:
    """Decodes and cuts every picture as packing does, and keeps none.

    Raises:
        DatasetError: Some are unreadable, listed.
    """
    crops = _crops(dataset, CropRule(), progress, "checking")
    problems = [problem_line(dataset, i, crop) for i, crop in crops if isinstance(crop, str)]
    require_readable(dataset, problems, skip_broken=False)


def _write_pixels(
    dataset: Dataset, rule: CropRule, file: Path, progress: Progress | None
) -> tuple[dict[int, str], dict[int, str]]:
    """Writes the readable crops; gives their digests and what is wrong with the others, by index."""
    digests: dict[int, str] = {}
    problems: dict[int, str] = {}
    # Plain writes, not a writable map: a full disk is then an error and not a crash.
    with file.open("wb") as stream:
        for i, crop in _crops(dataset, rule, progress, f"packing into {file.parents[1]}"):
            if isinstance(crop, str):
                problems[i] = problem_line(dataset, i, crop)
            else:
                pixels = crop.tobytes()
                digests[i] = sha256(pixels)[:32]
                stream.write(pixels)
        stream.flush()
        os.fsync(stream.fileno())
    return digests, problems


def _crops(
    dataset: Dataset, rule: CropRule, progress: Progress | None, doing: str
) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
    """Each index with its crop, or with the reason why there is none."""
    todo: Iterable[int] = range(len(dataset))
    crops = _decoded(list(zip(dataset.paths, dataset.boxes, strict=True)), rule)
    for i in progress(todo, doing, len(dataset)) if progress else todo:
        yield i, next(crops)


def _decoded(jobs: list[tuple[Path, Box | None]], rule: CropRule) -> Iterator[NDArray[np.uint8] | str]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # A chunk at a time, so that no more crops than that wait in memory.
        for start in range(0, len(jobs), CHUNK):
            yield from pool.map(lambda job: _crop(rule, *job), jobs[start : start + CHUNK])


def _crop(rule: CropRule, path: Path, box: Box | None) -> NDArray[np.uint8] | str:
    """One crop, or why there is none."""
    try:
        image = read_image(path)
        return rule.cut(image, box) if box else rule.whole(image)
    except InputError as error:
        return str(error)


def require_readable(dataset: Dataset, problems: Sequence[str], skip_broken: bool) -> None:
    """Stops at unreadable pictures, unless they are to be skipped.

    Raises:
        DatasetError: There are some, listed.
    """
    if problems and not skip_broken:
        raise DatasetError(f"{dataset.root} has {len(problems)} broken pictures: {ADVICE}", problems)


def _require_apart(dataset: Dataset, digests: dict[int, str]) -> None:
    if not digests:
        raise DatasetError(f"{dataset.root} has no readable picture")
    clashes = split_clashes(dataset, list(digests), list(digests.values()))
    if clashes:
        lines = [problem_line(dataset, i, text) for i, text in clashes.items()]
        raise DatasetError(f"{dataset.root} has {len(lines)} pictures in two splits: remove them", lines)
