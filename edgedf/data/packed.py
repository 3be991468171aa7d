"""Packed pixels: each picture decoded and cut once, then memory-mapped."""

import json
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf import console
from edgedf.data.dataset import Dataset, Log, Progress
from edgedf.data.packing import INDEX, PIXELS, locked, require_readable, write_pack
from edgedf.data.readers import open_dataset
from edgedf.errors import DatasetError
from edgedf.faces.crop import SIZE, CropRule
from edgedf.files import cache_root, sha256


class JoinedPixels:
    """Pixels of several packings behind one index, none of them copied.

    Attributes:
        shape: `(N, 256, 256, 3)`.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, parts: Sequence["NDArray[np.uint8] | JoinedPixels"]) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in parts])
        self.shape: tuple[int, ...] = (int(self._ends[-1]), *parts[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[np.integer]) -> NDArray[np.uint8]:
        """One crop `(256, 256, 3)`, or a stack `(n, 256, 256, 3)` for a slice or indices."""
        if isinstance(which, (int, np.integer)):
            return self._one(int(which))
        indices = range(*which.indices(len(self))) if isinstance(which, slice) else which
        crops = np.empty((len(indices), *self.shape[1:]), dtype=np.uint8)
        for row, index in enumerate(indices):
            crops[row] = self._one(int(index))
        return crops

    def prefetch(self, indices: NDArray[np.int64]) -> None:
        """See `PackedFaces.prefetch`."""
        starts = np.concatenate([[0], self._ends[:-1]])
        for part, start, end in zip(self._parts, starts, self._ends, strict=True):
            _prefetch(part, indices[(indices >= start) & (indices < end)] - start)

    def _one(self, index: int) -> NDArray[np.uint8]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} of {len(self)} crops")
        index %= len(self)
        part = int(np.searchsorted(self._ends, index, side="right"))
        # Counted from the part's end, which saves keeping the starts too.
        crop: NDArray[np.uint8] = self._parts[part][index - int(self._ends[part])]
        return crop


@dataclass(frozen=True)
class PackedFaces:
    """Crops ready for training.

    Attributes:
        pixels: RGB `(N, 256, 256, 3)`, read from disk when indexed.
        labels: `(N,)`, 1 is fake.
        groups: Source video or identity of each crop.
        methods: Forgery method of each crop, or an empty string.
        paths: Where each crop came from, relative to its dataset, for messages.
        digests: Hash of each crop's pixels.
        originals: `(N,)`, index of the real crop that each fake was made from; its own index where none is known.
        sources: `(N,)`, number of the dataset that each crop is of.
        fingerprints: One for each dataset joined: of its table and its pixels, wherever they lie.
    """

    pixels: NDArray[np.uint8] | JoinedPixels
    labels: NDArray[np.uint8]
    groups: list[str]
    methods: list[str]
    paths: list[str]
    digests: list[str]
    originals: NDArray[np.int64]
    sources: NDArray[np.int64]
    fingerprints: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Of all the crops."""
        return self.fingerprints[0] if len(self.fingerprints) == 1 else _hash(self.fingerprints)

    def __len__(self) -> int:
        return len(self.labels)

    def prefetch(self, indices: NDArray[np.int64]) -> None:
        """Has the system fetch crops that will be read soon, while the caller does something else."""
        _prefetch(self.pixels, indices)


def _prefetch(pixels: "NDArray[np.uint8] | JoinedPixels", indices: NDArray[np.int64]) -> None:
    if isinstance(pixels, JoinedPixels):
        pixels.prefetch(indices)
        return
    mapped: Any = pixels.base
    if not isinstance(mapped, mmap.mmap) or not hasattr(mapped, "madvise"):  # in memory; Windows
        return
    size = int(np.prod(pixels.shape[1:]))
    for index in indices.tolist():
        start = index * size // mmap.PAGESIZE * mmap.PAGESIZE
        mapped.madvise(mmap.MADV_WILLNEED, start, (index + 1) * size - start)


def pack(
    dataset: Dataset,
    cache: Path | None = None,
    progress: Progress | None = None,
    skip_broken: bool = False,
    log: Log = console.say,
) -> PackedFaces:
    """Packs a dataset, or opens what was packed before.

    Pictures with a face box (`box_x` to `box_h`) are cut by the crop rule; others are crops already.

    Args:
        dataset: What to pack, usually one split.
        cache: Folder of all packings; by default `$EDGEDF_CACHE`, or else `~/.cache/edgedf`.
        progress: Shows how far the decoding got.
        skip_broken: Leave unreadable pictures out and log each, rather than stop.
        log: Receives one line for each picture left out.

    Raises:
        DatasetError: Pictures are unreadable and not to be skipped, or two splits share pixels.
        InputError: The disk has no room.
    """
    rule = CropRule()
    root = cache or cache_root()
    folder = root / _cache_key(dataset, rule)
    with locked(folder):
        if not folder.exists():
            write_pack(dataset, rule, folder, progress, skip_broken)
    return _open(dataset, folder, skip_broken, log)


def pack_split(folder: Path, split: str) -> PackedFaces:
    """Packs one split of a dataset's folder, and shows how far it got.

    Raises:
        DatasetError: It breaks its contract, has no such split or unreadable pictures.
        InputError: It is no dataset, or the disk has no room.
    """
    return pack(open_dataset(folder).split(split), progress=console.progress)


def join(packed: Sequence[PackedFaces]) -> PackedFaces:
    """Several packings as one, in the given order."""
    if len(packed) == 1:
        return packed[0]
    starts = np.cumsum([0, *(len(part) for part in packed[:-1])])
    firsts = np.cumsum([0, *(part.sources.max() + 1 for part in packed[:-1])])
    return PackedFaces(
        pixels=JoinedPixels([part.pixels for part in packed]),
        labels=np.concatenate([part.labels for part in packed]),
        groups=[group for part in packed for group in part.groups],
        methods=[method for part in packed for method in part.methods],
        paths=[path for part in packed for path in part.paths],
        digests=[digest for part in packed for digest in part.digests],
        originals=np.concatenate([part.originals + start for part, start in zip(packed, starts, strict=True)]),
        sources=np.concatenate([part.sources + first for part, first in zip(packed, firsts, strict=True)]),
        fingerprints=tuple(fingerprint for part in packed for fingerprint in part.fingerprints),
    )


def require_apart(train: PackedFaces, held_out: PackedFaces) -> None:
    """Makes sure that no crop of one split is in another, however the two files are encoded.

    Raises:
        DatasetError: The crops in both, listed.
    """
    known = dict(zip(train.digests, train.paths, strict=True))
    pairs = zip(held_out.paths, held_out.digests, strict=True)
    problems = [f"{path}: same pixels as {known[digest]}" for path, digest in pairs if digest in known]
    if problems:
        raise DatasetError(f"{len(problems)} pictures are in two splits: remove them from one", problems)


def _cache_key(dataset: Dataset, rule: CropRule) -> str:
    """Changes with the table, the folder, and each file's size or time of change: no picture is read for it."""
    stats = [path.stat() for path in dataset.paths]
    files = [[stat.st_size, stat.st_mtime_ns] for stat in stats]
    return _hash([str(dataset.root.resolve()), sorted(dataset.columns.items()), files, rule.to_dict()])[:32]


def _hash(value: Any) -> str:
    return sha256(json.dumps(value).encode())


def _open(dataset: Dataset, folder: Path, skip_broken: bool, log: Log) -> PackedFaces:
    index = json.loads((folder / INDEX).read_text())
    require_readable(dataset, index["problems"], skip_broken)
    for problem in index["problems"]:
        log(f"skipped {problem}")
    kept = dataset.select(index["kept"])
    shape = (len(kept), SIZE, SIZE, 3)
    return PackedFaces(
        pixels=np.memmap(folder / PIXELS, dtype=np.uint8, mode="r", shape=shape),
        labels=kept.labels,
        groups=kept.groups,
        methods=kept.methods,
        paths=kept.columns["path"],
        digests=index["digests"],
        originals=kept.originals,
        sources=np.zeros(len(kept), np.int64),
        fingerprints=(_hash([sorted(kept.columns.items()), index["digests"]]),),
    )
