"""The 468 points of every real face of a dataset, found once and kept in the cache."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedf.data.dataset import Progress
from edgedf.data.packed import PackedFaces
from edgedf.data.packing import locked
from edgedf.faces import landmarks
from edgedf.faces.landmarks import POINTS, Landmarks
from edgedf.files import cache_root, replacing, sha256

SURE = 0.5  # score of a face whose points are believed
CHUNK = 16  # faces at a time


def face_points(faces: PackedFaces, cache: Path | None = None, progress: Progress | None = None) -> NDArray[np.float16]:
    """The points of the real faces.

    Args:
        faces: Packed crops.
        cache: Folder of everything that can be computed again; by default `edgedf.files.cache_root()`.
        progress: Shows how far it got.

    Returns:
        `(N, 468, 2)`, x and y in pixels of each crop; NaN for fakes, and where no face was found.
    """
    code = sha256(Path(landmarks.__file__).read_bytes())  # another one finds other points
    points = np.full((len(faces), POINTS, 2), np.nan, np.float16)
    for source, fingerprint in enumerate(faces.fingerprints):
        real = np.flatnonzero((faces.sources == source) & (faces.labels == 0))
        file = (cache or cache_root()) / "landmarks" / f"{sha256(f'{fingerprint} {code}'.encode())[:32]}.npy"
        with locked(file):
            if not file.exists():
                found = _find(faces, real, progress)
                with replacing(file) as beside, beside.open("wb") as stream:
                    np.save(stream, found)
        points[real] = np.load(file)
    return points


def _find(faces: PackedFaces, which: NDArray[np.int64], progress: Progress | None) -> NDArray[np.float16]:
    chunks = np.array_split(which, max(len(which) // CHUNK, 1))
    todo: Iterable[int] = range(len(chunks))
    results = _found(faces, chunks)
    shown = progress(todo, "finding landmarks", len(chunks)) if progress else todo
    return np.concatenate([next(results) for _ in shown])


def _found(faces: PackedFaces, chunks: list[NDArray[np.int64]]) -> Iterator[NDArray[np.float16]]:
    finder = Landmarks(threads=1)

    def find(chunk: NDArray[np.int64]) -> NDArray[np.float16]:
        points, scores = finder.find(faces.pixels[chunk])
        return np.where(scores[:, None, None] > SURE, points, np.nan).astype(np.float16)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(find, chunks)
