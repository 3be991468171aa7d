"""Pictures that look the same, however they are named, compressed or shifted by a pixel."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.data.audit.pictures import Pictures
from edgedf.data.dataset import Dataset
from edgedf.machine import cores

MOST_BITS = 12  # in which the hashes of two pictures of a kind may differ
LEAST_CORRELATION = 0.96  # of their thumbnails: copies have .99, two people in 5,610 real crops .92, some in 38,000 .97
TILE = 512  # hashes compared with as many others at a time: the table of 2 MB stays in a core's cache


class Pair(NamedTuple):
    """Two pictures that look the same, by index.

    Attributes:
        one: The earlier row.
        other: The later row.
        bits: Different bits of their hashes.
        exact: Whether their crops are the same, pixel by pixel.
    """

    one: int
    other: int
    bits: int
    exact: bool


class Copies(NamedTuple):
    """Pairs of pictures that look the same, by what that means.

    Attributes:
        across: In two splits.
        strangers: In one split, of different groups.
        relatives: In one split and group.
        contradictory: Of the same pixels with both labels; they are among the others, too.
    """

    across: list[Pair]
    strangers: list[Pair]
    relatives: list[Pair]
    contradictory: list[Pair]


def find_pairs(pictures: Pictures) -> list[Pair]:
    """All pairs of pictures that look the same, nearest first.

    The hash proposes, the thumbnails decide: faces cut by one rule are so alike that 64 bits alone confuse people.
    """
    one, other, bits = near_pairs(pictures.hashes, MOST_BITS)
    alike = np.einsum("ij,ij->i", pictures.thumbnails[one], pictures.thumbnails[other]) >= LEAST_CORRELATION
    digests = np.array(pictures.digests)
    exact = digests[one] == digests[other]
    kept = np.flatnonzero(alike | exact)
    order = kept[np.lexsort((other[kept], one[kept], bits[kept], ~exact[kept]))]
    columns = (part[order].tolist() for part in (one, other, bits, exact))
    return [Pair(*row) for row in zip(*columns, strict=True)]


def near_pairs(hashes: NDArray[np.uint64], most: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """Every pair of hashes `(N,)` that differ in at most `most` bits: first index, second index, bits.

    All pairs are counted: an index would have to be told of the radius, and 100,000 hashes take seconds.
    """
    tiles = range(0, len(hashes), TILE)
    with ThreadPoolExecutor(cores()) as pool:
        found = list(pool.map(lambda start: _against_later(hashes, start, most), tiles))
    one, other, bits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return one, other, bits


def _against_later(
    hashes: NDArray[np.uint64], start: int, most: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """Pairs of one tile with itself and all later ones."""
    own = hashes[start : start + TILE, None]
    parts = [np.empty((3, 0), np.intp)]
    for later in range(start, len(hashes), TILE):
        bits = np.bitwise_count(own ^ hashes[None, later : later + TILE])
        rows, columns = np.nonzero(bits <= most)
        found = np.stack([rows + start, columns + later, bits[rows, columns].astype(np.intp)])
        parts.append(found[:, found[0] < found[1]])
    one, other, bits_ = np.concatenate(parts, axis=1)
    return one, other, bits_.astype(np.uint8)


def sort_pairs(pairs: Sequence[Pair], rows: Dataset) -> Copies:
    """Sorts the pairs by where their pictures are."""
    splits, groups, labels = rows.splits, rows.groups, rows.columns["label"]
    inside = [pair for pair in pairs if splits[pair.one] == splits[pair.other]]
    return Copies(
        across=[pair for pair in pairs if splits[pair.one] != splits[pair.other]],
        strangers=[pair for pair in inside if groups[pair.one] != groups[pair.other]],
        relatives=[pair for pair in inside if groups[pair.one] == groups[pair.other]],
        contradictory=[pair for pair in pairs if pair.exact and labels[pair.one] != labels[pair.other]],
    )


def torn_groups(groups: Sequence[str], splits: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """Each group that is in more than one split, with its rows in each."""
    homes: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, (group, split) in enumerate(zip(groups, splits, strict=True)):
        homes[group][split].append(i)
    return {group: dict(rows) for group, rows in sorted(homes.items()) if len(rows) > 1}
