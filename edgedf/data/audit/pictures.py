"""One pass over the pictures of a dataset: all that the audit needs to know of each."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.audit.cues import Cells, Cues, file_cues, number, pixel_cues
from edgedf.data.audit.hashing import perceptual_hash, thumbnail
from edgedf.data.checks import problem_line
from edgedf.data.dataset import BOX, Dataset, Progress
from edgedf.errors import DatasetError, InputError
from edgedf.faces.crop import CropRule, read_image
from edgedf.files import sha256
from edgedf.machine import cores

CHUNK = 128  # pictures examined at a time
SHOWN = 112  # side of a picture on the page

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops uint8 `(n, 256, 256, 3)` to vectors `(n, D)`."""


@dataclass(frozen=True)
class Pictures:
    """What was found in the readable pictures of a dataset.

    Attributes:
        dataset: Their rows, N.
        problems: What is wrong with each picture that could not be read, one line each.
        digests: Hash of each crop's pixels.
        hashes: Perceptual hash of each crop, uint64 `(N,)`.
        thumbnails: Of mean 0 and length 1, `(N, d)`.
        sides: Side of each crop before it was resized, in pixels, `(N,)`: `native_px` where the table has it.
        cues: By family, `(N, values)`; NaN where a row has none.
        embeddings: `(N, D)` of length 1, or None where no embedder was given.
    """

    dataset: Dataset
    problems: list[str]
    digests: list[str]
    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.float32]
    sides: NDArray[np.float64]
    cues: Cues
    embeddings: NDArray[np.float32] | None


class _One(NamedTuple):
    digest: str
    hash: np.uint64
    thumbnail: NDArray[np.float32]
    side: float
    cues: Cues
    crop: NDArray[np.uint8] | None


def examine(dataset: Dataset, embed: Embed | None = None, progress: Progress | None = None) -> Pictures:
    """Reads every picture once.

    Raises:
        DatasetError: None can be read.
    """
    found: list[_One] = []
    vectors: list[NDArray[np.float32]] = []
    kept: list[int] = []
    problems: list[str] = []
    for indices, ones in _chunks(dataset, progress):
        good = [(i, one) for i, one in zip(indices, ones, strict=True) if isinstance(one, _One)]
        problems += [
            problem_line(dataset, i, one) for i, one in zip(indices, ones, strict=True) if isinstance(one, str)
        ]
        if embed and good:
            vectors.append(embed(np.stack([one.crop for _, one in good if one.crop is not None])))
        kept += [i for i, _ in good]
        found += [one._replace(crop=None) for _, one in good]  # its pixels may go
    if not found:
        raise DatasetError(f"{dataset.root} has no readable picture", problems)
    return Pictures(
        dataset=dataset.select(kept),
        problems=problems,
        digests=[one.digest for one in found],
        hashes=np.array([one.hash for one in found], np.uint64),
        thumbnails=np.stack([one.thumbnail for one in found]),
        sides=np.array([one.side for one in found], np.float64),
        cues={name: np.stack([one.cues[name] for one in found]) for name in found[0].cues},
        embeddings=_unit(np.concatenate(vectors)) if vectors else None,
    )


def _chunks(dataset: Dataset, progress: Progress | None) -> Iterator[tuple[Sequence[int], list[_One | str]]]:
    starts = range(0, len(dataset), CHUNK)
    with ThreadPoolExecutor(cores()) as pool:
        for start in progress(starts, "reading, in chunks of 128,", len(starts)) if progress else starts:
            indices = range(start, min(start + CHUNK, len(dataset)))
            yield indices, list(pool.map(lambda i: _one(dataset, i), indices))


def _one(dataset: Dataset, index: int) -> _One | str:
    """What one picture holds, or why it cannot be read."""
    try:
        return _measured(dataset.paths[index], _cells(dataset, index))
    except (InputError, OSError) as error:
        return str(error)


def _cells(dataset: Dataset, index: int) -> Cells:
    """The cells of one row that say how large its face is and where."""
    return {name: dataset.columns[name][index] for name in ("native_px", *BOX) if name in dataset.columns}


def _measured(path: Path, cells: Cells) -> _One:
    native = read_image(path)
    crop, side = _cut(native, cells)
    cues = file_cues(path, cells)
    for name, values in pixel_cues(native, crop).items():
        cues[name] = np.concatenate([cues.get(name, values[:0]), values])
    grey = Image.fromarray(crop).convert("L")
    digest = sha256(crop.tobytes())[:32]
    return _One(digest, perceptual_hash(grey), thumbnail(grey), _side(cells, side), cues, crop)


def _side(cells: Cells, side: float) -> float:
    """What the table says of the crop's size, or else its side in the file."""
    said = number(cells.get("native_px", ""))
    return side if np.isnan(said) else said


def _cut(native: NDArray[np.uint8], cells: Cells) -> tuple[NDArray[np.uint8], float]:
    """The crop `(256, 256, 3)` of a picture as training sees it, and its side in the picture.

    Raises:
        InputError: The box has no area.
    """
    rule = CropRule()
    height, width = native.shape[:2]
    cells_of_box = [cells[name] for name in BOX if cells.get(name)]
    if not cells_of_box:
        return rule.whole(native), float(min(width, height))
    x, y, w, h = map(float, cells_of_box)
    box = (x, y, w, h)
    return rule.cut(native, box), rule.square(box, width, height)[2]


def picture_uri(dataset: Dataset, index: int) -> str:
    """A small picture of one crop, as the `data:` URI of a JPEG file."""
    crop, _ = _cut(read_image(dataset.paths[index]), _cells(dataset, index))
    stream = BytesIO()
    Image.fromarray(crop).resize((SHOWN, SHOWN)).save(stream, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode()}"


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors of length 1."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
