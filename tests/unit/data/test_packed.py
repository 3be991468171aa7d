"""Packed pixels: right, whole or absent, and written once."""

import mmap
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from edgedf.data import packing
from edgedf.data.dataset import Dataset, write_dataset
from edgedf.data.packed import join, pack, require_apart
from edgedf.data.readers import read_dataset
from edgedf.errors import DatasetError, InputError
from edgedf.faces.crop import CropRule, read_image

Columns = dict[str, list[str]]

COLOURS = ("red", "lime", "blue", "yellow", "white", "black")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_pixels_are_those_of_the_crop_rule(root: Path, cache: Path) -> None:
    """Each crop is its picture, resized by the rule; labels, groups and methods go along."""
    dataset = read_dataset(root)
    packed = pack(dataset, cache)
    assert packed.pixels.shape == (6, 256, 256, 3)
    for crop, path in zip(packed.pixels[:], dataset.paths, strict=True):
        assert np.array_equal(crop, CropRule().whole(read_image(path)))
    assert packed.labels.tolist() == [0, 1] * 3
    assert packed.groups == ["a", "a", "b", "b", "c", "d"]
    assert packed.methods == ["", "swap"] * 3


def test_boxes_are_cut(root: Path, columns: Columns, cache: Path) -> None:
    """A row with a face box is cut by the rule, one with empty cells is taken whole."""
    boxes = {name: [cell] + [""] * 5 for name, cell in zip(("box_x", "box_y", "box_w", "box_h"), "5498", strict=True)}
    write_dataset(root, columns | boxes)
    packed = pack(read_dataset(root), cache)
    assert np.array_equal(packed.pixels[0], CropRule().cut(read_image(root / "0.png"), (5, 4, 9, 8)))
    assert np.array_equal(packed.pixels[1], CropRule().whole(read_image(root / "1.png")))


def test_packing_happens_once(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second call reads no picture."""
    first = pack(read_dataset(root), cache)
    monkeypatch.setattr(packing, "read_image", lambda path: pytest.fail(f"{path} was decoded again"))
    second = pack(read_dataset(root), cache)
    assert np.array_equal(first.pixels[:], second.pixels[:])
    assert first.digests == second.digests


def _pictures_of_one_size(root: Path, colours: Sequence[str]) -> Dataset:
    """Uncompressed pictures of one colour each: only their pixels differ."""
    for i, colour in enumerate(colours):
        Image.new("RGB", (8, 8), colour).save(root / f"{i}.png", format="BMP")
    return read_dataset(root)


def test_pixels_replaced_in_place_are_packed_anew(root: Path, cache: Path) -> None:
    """Files of the same names and sizes, in the same folder."""
    packed = [pack(_pictures_of_one_size(root, colours), cache) for colours in (COLOURS, COLOURS[::-1])]
    assert [one.pixels[0][0, 0].tolist() for one in packed] == [[255, 0, 0], [0, 0, 0]]
    assert packed[0].fingerprint != packed[1].fingerprint


def test_pixels_of_another_folder_are_not_taken(root: Path, cache: Path) -> None:
    """Two datasets with names, sizes and times of files in common."""
    other = shutil.copytree(root, root.with_name("other"))
    datasets = [_pictures_of_one_size(*one) for one in ((root, COLOURS), (other, COLOURS[::-1]))]
    for path in (path for dataset in datasets for path in dataset.paths):
        os.utime(path, ns=(0, 0))
    packed = [pack(dataset, cache) for dataset in datasets]
    assert [one.pixels[0][0, 0].tolist() for one in packed] == [[255, 0, 0], [0, 0, 0]]


def test_fingerprint_follows_table_and_pixels(root: Path, columns: Columns, cache: Path) -> None:
    """Neither the folder nor a file's time counts, so that it is the same on another machine."""
    before = pack(read_dataset(root), cache).fingerprint
    moved = shutil.copytree(root, root.with_name("moved"))
    os.utime(moved / "0.png", ns=(0, 0))
    assert pack(read_dataset(moved), cache).fingerprint == before
    columns["camera"][0] = "other"
    write_dataset(moved, columns)
    assert pack(read_dataset(moved), cache).fingerprint != before


def test_order_holds_over_chunks(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that finish in another order, and chunks, do not mix the rows."""
    monkeypatch.setattr(packing, "CHUNK", 4)
    slow = {"0.png": 0.1, "4.png": 0.1}

    def read_late(path: Path) -> object:
        time.sleep(slow.get(path.name, 0))
        return read_image(path)

    monkeypatch.setattr(packing, "read_image", read_late)
    packed = pack(read_dataset(root), cache)
    assert np.array_equal(packed.pixels[4], CropRule().whole(read_image(root / "4.png")))
    assert np.array_equal(packed.pixels[5], CropRule().whole(read_image(root / "5.png")))


def test_progress_counts_every_picture(root: Path, cache: Path) -> None:
    """The progress function sees each picture and the end, and is told where they go."""
    seen: list[object] = []

    def progress(items: Iterable[int], description: str, total: int) -> Iterable[int]:
        for item in items:
            yield item
            seen.append(item)
        seen.append((description, total))

    pack(read_dataset(root), cache, progress)
    assert seen == [0, 1, 2, 3, 4, 5, (f"packing into {cache}", 6)]


def test_unreadable_picture_is_listed_or_skipped(root: Path, cache: Path) -> None:
    """It stops the packing, also the second time; told to skip, the others are packed and it is named."""
    (root / "3.png").write_bytes(b"broken")
    for _ in range(2):
        with pytest.raises(DatasetError, match="1 broken picture") as error:
            pack(read_dataset(root), cache)
        assert error.value.problems[0].startswith("row 5: 3.png: cannot read")

    for _ in range(2):
        said: list[str] = []
        packed = pack(read_dataset(root), cache, skip_broken=True, log=said.append)
        assert packed.paths == ["0.png", "1.png", "2.png", "4.png", "5.png"]
        assert packed.labels.tolist() == [0, 1, 0, 0, 1]
        assert np.array_equal(packed.pixels[3], CropRule().whole(read_image(root / "4.png")))
        assert len(said) == 1

    with pytest.raises(DatasetError, match="1 broken picture"):
        pack(read_dataset(root), cache)


def test_same_pixels_in_two_splits_are_found(root: Path, cache: Path) -> None:
    """Another file format does not hide a leak, whether all is packed at once or split by split."""
    Image.open(root / "0.png").save(root / "4.bmp")
    (root / "4.bmp").rename(root / "4.png")
    dataset = read_dataset(root)
    with pytest.raises(DatasetError, match="two splits") as error:
        pack(dataset, cache)
    assert error.value.problems == ["row 6: 4.png: same pixels as row 2, which is in train"]

    train, val, test = (pack(dataset.split(name), cache) for name in ("train", "val", "test"))
    require_apart(train, val)
    with pytest.raises(DatasetError, match="two splits") as error:
        require_apart(train, test)
    assert error.value.problems == ["4.png: same pixels as 0.png"]


def test_interrupted_packing_leaves_nothing_to_open(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left is thrown away, and the packing starts over."""

    def stop(items: Iterable[int], description: str, total: int) -> Iterable[int]:
        yield 0
        raise KeyboardInterrupt

    # A killed process cannot tidy up behind itself.
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *args, **kwargs: None)
        with pytest.raises(KeyboardInterrupt):
            pack(read_dataset(root), cache, stop)
    assert [path.suffix for path in cache.iterdir() if path.is_dir()] == [".part"]
    assert len(pack(read_dataset(root), cache)) == 6
    assert [path.suffix for path in cache.iterdir() if path.is_dir()] == [""]


def test_a_full_disk_is_told_before_it_is_full(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is an error that names the cache's variable."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(InputError, match="EDGEDF_CACHE"):
        pack(read_dataset(root), cache)


def test_joined_pixels_are_the_parts_in_order(root: Path, cache: Path) -> None:
    """One index over several packings, with the ways of indexing that a single one has."""
    dataset = read_dataset(root)
    parts = [pack(dataset.split(name), cache) for name in ("train", "val", "test")]
    nested = join([join(parts[:2]), parts[2]])
    whole = pack(dataset, cache)
    assert len(nested) == len(nested.pixels) == 6
    assert nested.pixels.shape == whole.pixels.shape
    for which in (0, 3, 5, -1):
        assert np.array_equal(nested.pixels[which], whole.pixels[which])
    for stack in (slice(1, 5), slice(None), [4, 0], np.array([5, 1])):
        assert np.array_equal(nested.pixels[stack], whole.pixels[stack])
    assert (nested.paths, nested.groups, nested.methods) == (whole.paths, whole.groups, whole.methods)
    assert nested.labels.tolist() == whole.labels.tolist()
    assert nested.originals.tolist() == whole.originals.tolist() == [0, 0, 2, 2, 4, 4]
    assert nested.sources.tolist() == [0, 0, 1, 1, 2, 2]
    assert nested.fingerprints == tuple(part.fingerprint for part in parts)
    assert nested.fingerprint != join(parts[:2]).fingerprint
    with pytest.raises(IndexError):
        nested.pixels[6]


def test_prefetching_asks_for_the_crops_pages_and_changes_nothing(root: Path, cache: Path) -> None:
    """Of the parts of a joined packing each is asked for its own, at starts of pages and within its file."""
    packed = pack(read_dataset(root), cache)
    length = packed.pixels.shape[0] * 256 * 256 * 3
    asked: list[tuple[int, int, int]] = []

    class Mapped(mmap.mmap):
        def madvise(self, option: int, start: int = 0, size: int = 0) -> None:
            asked.append((option, start, size))
            super().madvise(option, start, size)

    with (next(cache.glob("*/pixels.u8"))).open("rb") as file:
        mapped = Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)
    watched = replace(packed, pixels=np.ndarray(packed.pixels.shape, np.uint8, mapped))
    both = join([packed, watched])
    both.prefetch(np.array([1, 6, 11]))
    assert [option for option, _, _ in asked] == [mmap.MADV_WILLNEED] * 2
    assert [(start // 196608, (start + size) // 196608) for _, start, size in asked] == [(0, 1), (5, 6)]
    assert all(start % mmap.PAGESIZE == 0 and start + size <= length for _, start, size in asked)
    assert np.array_equal(both.pixels[[1, 7]], packed.pixels[[1, 1]])


def test_joining_one_changes_nothing(root: Path, cache: Path) -> None:
    """A single packing stays itself."""
    packed = pack(read_dataset(root), cache)
    assert join([packed]) is packed


def test_default_cache_is_named_by_the_environment(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`EDGEDF_CACHE` is where packings go."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "elsewhere"))
    pack(read_dataset(root))
    assert any((tmp_path / "elsewhere").iterdir())


def test_a_cache_that_cannot_be_written_is_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for cache in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match=r"cannot be written to .* EDGEDF_CACHE"):
            pack(read_dataset(root), cache=cache)
