"""Parts of a dataset."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from edgedf.data.dataset import Dataset, write_dataset
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.slices import _lab, find_slices

SKINS = [(240, 215, 195), (200, 155, 125), (90, 60, 45)]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Nine faces: three skins, each sharp, blurred and between; sizes 10, 20, ... 90, the last unknown."""
    rng = np.random.default_rng(0)
    names = []
    for i in range(9):
        noise = rng.integers(-20, 21, (256, 256, 1))
        crop = np.clip(np.array(SKINS[i // 3]) + noise, 0, 255).astype(np.uint8)
        blurred = Image.fromarray(crop).filter(ImageFilter.GaussianBlur(i % 3))
        names.append(f"{i}.png")
        blurred.save(tmp_path / names[-1])
    cells = {"label": ["real", "fake"] * 4 + ["real"], "split": ["val"] * 9, "group": names}
    sizes = [str(10 * (i + 1)) for i in range(8)] + [""]
    write_dataset(tmp_path, {"path": names, **cells, "native_px": sizes})
    return open_dataset(tmp_path)


@pytest.fixture
def faces(dataset: Dataset, tmp_path: Path) -> PackedFaces:
    return pack(dataset, tmp_path / "cache")


def _members(part: NDArray[np.bool_]) -> list[int]:
    return [int(i) for i in np.flatnonzero(part)]


def test_faces_are_told_apart_by_size_sharpness_and_skin(faces: PackedFaces, dataset: Dataset) -> None:
    found = {name: _members(part) for name, part in find_slices(faces, dataset).items()}
    assert [found[f"skin: {tone}"] for tone in ("light", "medium", "dark")] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    sharp = [members for name, members in found.items() if name.startswith("sharpness")]
    assert sharp == [[2, 5, 8], [1, 4, 7], [0, 3, 6]]
    sizes = {name: members for name, members in found.items() if name.startswith("size")}
    assert list(sizes) == ["size in px: 10 to 33", "size in px: 33 to 57", "size in px: 57 to 80"]
    assert sorted(i for members in sizes.values() for i in members) == list(range(8))


def test_without_sizes_there_are_no_slices_by_size(faces: PackedFaces, dataset: Dataset) -> None:
    columns = {name: cells for name, cells in dataset.columns.items() if name != "native_px"}
    assert not any(name.startswith("size") for name in find_slices(faces, Dataset(dataset.root, columns)))


def test_lab_is_that_of_the_standard() -> None:
    """White, black, and pure red (D65)."""
    values = _lab(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0]], np.uint8))
    expected = np.array([[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]])
    assert np.allclose(values, expected, atol=0.1)
