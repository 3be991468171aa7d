"""Forged datasets on disk: real faces, forgeries of them, and masks, all without loss."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.dataset import Dataset, Progress, write_dataset
from edgedf.data.forge.forger import Forger
from edgedf.data.forge.sheet import draw_sheet
from edgedf.data.forge.variants import VARIANTS
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, pack
from edgedf.errors import ConfigError, DatasetError
from edgedf.files import check_folder, replacing
from edgedf.locks import alone

SHEET = "sheet.png"  # some of the forgeries beside their masks
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
    with claimed_new(out):
        return _forge(dataset, out, variant, count, seed, progress)


def _forge(
    dataset: Dataset, out: Path, variant: str | None, count: int | None, seed: int, progress: Progress | None
) -> Dataset:
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
    forged = Dataset(out, columns)
    with replacing(out / SHEET) as beside:
        draw_sheet(forged).save(beside, "PNG", optimize=True)
    write_dataset(out, columns)  # last: a folder with a table is whole
    return forged


@contextmanager
def claimed_new(out: Path) -> Iterator[None]:
    """Keeps a folder that can be written and holds no dataset yet for this process.

    Raises:
        ConfigError: It holds one.
        InputError: It cannot be written, or another process writes there.
    """
    check_folder(out)
    with alone(out, f"another process writes to {out}: wait for its end, or name another folder with --out"):
        if (out / "labels.csv").exists():
            raise ConfigError(f"{out} holds a dataset already: name another folder with --out")
        yield


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
