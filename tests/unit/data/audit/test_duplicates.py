"""Pairs of like pictures: none missed, faces that are only alike left out."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgedf.data.audit import duplicates
from edgedf.data.audit.duplicates import Pair, find_pairs, near_pairs, sort_pairs, torn_groups
from edgedf.data.audit.pictures import examine
from edgedf.data.dataset import Dataset


def test_every_near_pair_is_found_in_any_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as one by one, also where tiles meet and end."""
    monkeypatch.setattr(duplicates, "TILE", 7)
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, 8, dtype=np.uint64)[random.integers(0, 8, 40)]
    hashes ^= np.uint64(1) << random.integers(0, 64, 40).astype(np.uint64)
    expected = {
        (i, j, bits)
        for i in range(40)
        for j in range(i + 1, 40)
        if (bits := (int(hashes[i]) ^ int(hashes[j])).bit_count()) <= 2
    }
    found = set(zip(*(part.tolist() for part in near_pairs(hashes, 2)), strict=True))
    assert len(expected) > 40
    assert found == expected


def test_a_hundred_thousand_hashes_would_take_minutes_at_most() -> None:
    """Time grows with the square: 4,000 hashes must take less than a 625th of half of ten minutes."""
    import time

    hashes = np.random.default_rng(0).integers(0, 2**64, 4000, dtype=np.uint64)
    start = time.process_time()
    near_pairs(hashes, 12)
    assert time.process_time() - start < 2 * 300 / 625


def write_face(path: Path, noise: float, seed: int) -> None:
    """The same soft picture for all, with detail of its own."""
    base = Image.fromarray(np.random.default_rng(7).integers(0, 256, (9, 9, 3), dtype=np.uint8))
    own = np.random.default_rng(seed).normal(0, noise, (16, 16, 3)).repeat(16, 0).repeat(16, 1)
    pixels = np.asarray(base.resize((256, 256), Image.Resampling.BICUBIC)) + own
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)


def test_alike_is_not_the_same(tmp_path: Path) -> None:
    """Four pictures that a hash of 64 bits finds near; only the two that are one are a pair."""
    for i, (noise, seed) in enumerate([(18, 1), (18, 2), (18, 3), (18, 1)]):
        write_face(tmp_path / f"{i}.png", noise, seed)
    columns = {
        "path": [f"{i}.png" for i in range(4)],
        "label": ["real"] * 4,
        "split": ["train"] * 4,
        "group": ["a"] * 4,
    }
    pictures = examine(Dataset(tmp_path, columns))
    assert len(near_pairs(pictures.hashes, duplicates.MOST_BITS)[0]) > 1
    [pair] = find_pairs(pictures)
    assert (pair.one, pair.other, pair.exact) == (0, 3, True)


def test_torn_groups_name_their_rows() -> None:
    assert torn_groups(["a", "b", "a", "c", "a"], ["train", "val", "val", "val", "train"]) == {
        "a": {"train": [0, 4], "val": [2]}
    }


def test_pairs_are_sorted_by_what_they_mean() -> None:
    columns = {
        "path": ["0", "1", "2", "3"],
        "label": ["real", "fake", "real", "real"],
        "split": ["train", "train", "train", "val"],
        "group": ["a", "a", "b", "b"],
    }
    pairs = [Pair(0, 1, 0, True), Pair(0, 2, 0, True), Pair(1, 2, 3, False), Pair(2, 3, 1, False)]
    copies = sort_pairs(pairs, Dataset(Path(), columns))
    assert copies.across == [pairs[3]]
    assert copies.strangers == [pairs[1], pairs[2]]
    assert copies.relatives == copies.contradictory == [pairs[0]]
