"""Forged datasets on disk: real faces, forgeries of them, and masks, all without loss."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.dataset import Dataset, Progress, write_dataset
from edgedf.data.forge.forger import Forger
from edgedf.data.forge.variants import VARIANTS
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, pack
from edgedf.errors import ConfigError, DatasetError
from edgedf.files import check_folder

ROUNDS = 2**20  # forgeries of one face that differ for each seed


class Part(NamedTuple):
    """One split of a dataset: who is put into whose face never comes from another."""

    name: str
    faces: PackedFaces
    forger: Forger


def forge_dataset(
    dataset: Dataset,
    out: Path,
    variant: str | None = None,
    count: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Forges the real faces of a dataset and writes each pair, with its mask, as a dataset.

    Args:
        dataset: Its splits and groups are kept.
        out: Folder to write.
        variant: A name of `VARIANTS`; all of them in turn, by chance, where there is none.
        count: Forgeries; one of each face by default.
        seed: The same seed forges the same.
        progress: Shows how far it got.

    Returns:
        A real and a fake for each forgery; the fake's `original` is that real, its `mask` is 255 where it was replaced.

    Raises:
        ConfigError: There is no such variant, or a dataset in `out`.
        DatasetError: No real face has landmarks.
    """
    if variant and variant not in VARIANTS:
        raise ConfigError(f"unknown variant {variant!r}: choose one of {', '.join(VARIANTS)}")
    require_new(out)
    parts = [_part(dataset, name, progress) for name in sorted(set(dataset.splits))]
    faces = [(part, face) for part in parts for face in np.flatnonzero(part.forger.known).tolist()]
    if not faces:
        raise DatasetError(f"{dataset.root} has no real face whose landmarks can be found")
    order = np.random.default_rng(seed).permutation(len(faces)).tolist()
    jobs = [(*faces[order[i % len(order)]], seed * ROUNDS + i // len(order)) for i in range(count or len(faces))]
    for name in ("real", "fake", "mask"):
        (out / name).mkdir(parents=True, exist_ok=True)
    rows = _write(jobs, out, variant, progress)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    write_dataset(out, columns)
    return Dataset(out, columns)


def require_new(out: Path) -> None:
    """Makes sure that a folder can be written and holds no dataset yet.

    Raises:
        ConfigError: It holds one.
    """
    check_folder(out)
    if (out / "labels.csv").exists():
        raise ConfigError(f"{out} holds a dataset already: name another folder with --out")


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Writes an RGB picture `(H, W, 3)` or a mask `(H, W)`."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())


def _part(dataset: Dataset, name: str, progress: Progress | None) -> Part:
    faces = pack(dataset.split(name), progress=progress)
    return Part(name, faces, Forger(faces, face_points(faces, progress=progress)))


def _write(
    jobs: Sequence[tuple[Part, int, int]], out: Path, variant: str | None, progress: Progress | None
) -> list[dict[str, str]]:
    def write(number: int) -> list[dict[str, str]]:
        return _write_pair(out, number, *jobs[number], variant)

    numbers: Iterable[int] = range(len(jobs))
    rows: list[dict[str, str]] = []
    with ThreadPoolExecutor(cpu_count()) as pool:
        pairs = pool.map(write, range(len(jobs)))
        for _ in progress(numbers, f"forging into {out}", len(jobs)) if progress else numbers:
            rows += next(pairs)
    return rows


def _write_pair(out: Path, number: int, part: Part, face: int, view: int, variant: str | None) -> list[dict[str, str]]:
    kind = variant or part.forger.variant(face, view)
    forgery = part.forger.forged(face, view, kind)
    files = {name: f"{name}/{number:06}.png" for name in ("real", "fake", "mask")}
    for name, pixels in zip(files, forgery, strict=True):
        write_png(out / files[name], pixels)
    both = {"split": part.name, "group": part.faces.groups[face]}
    real = {"path": files["real"], "label": "real", **both, "method": "", "original": "", "mask": ""}
    fake = {"path": files["fake"], "label": "fake", "method": kind, "original": files["real"], "mask": files["mask"]}
    return [real, {**real, **fake}]
