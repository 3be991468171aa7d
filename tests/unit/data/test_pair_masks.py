"""Masks from pairs of a fake and its original."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.dataset import Dataset, write_dataset
from edgedf.data.drawn import draw_pair
from edgedf.data.pair_masks import Rejected, mask_dataset, pair_mask
from edgedf.data.readers import open_dataset
from edgedf.data.views import jpeg
from edgedf.errors import DatasetError

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture(scope="module")
def scenes() -> list[NDArray[np.uint8]]:
    """Pictures with as much texture as a camera's."""
    rng = np.random.default_rng(0)
    small = [rng.integers(0, 256, (24, 24, 3), np.uint8) for _ in range(4)]
    return [np.asarray(cv2.resize(scene, (224, 224)), np.uint8) for scene in small]


def forged(scene: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With another disc of 120 pixels in its middle."""
    disc = cv2.circle(np.zeros((224, 224, 1), np.uint8), (112, 112), 60, 1, -1)[..., None]
    return np.where(disc.reshape(224, 224, 1) == 1, scene[::-1], scene).astype(np.uint8)


def test_the_mask_is_what_was_forged(scenes: list[NDArray[np.uint8]]) -> None:
    """Through compression of each picture by itself."""
    truth = cv2.circle(np.zeros((224, 224), np.uint8), (112, 112), 60, 255, -1) > 0
    for scene in scenes:
        found = pair_mask(jpeg(forged(scene), 75), jpeg(scene, 75))
        assert isinstance(found, np.ndarray)
        assert ((found > 0) & truth).sum() / ((found > 0) | truth).sum() > 0.85


def test_drawn_forgeries_are_found() -> None:
    for seed in range(6):
        real, fake, soft = draw_pair(np.random.default_rng(seed))
        found = pair_mask(jpeg(fake, 80), jpeg(real, 80))
        if isinstance(found, np.ndarray):
            assert found[soft < 0.01].mean() / 255 < 0.1
        else:
            assert found is Rejected.SAME


def test_what_cannot_be_compared_is_rejected(scenes: list[NDArray[np.uint8]]) -> None:
    one, other, *_ = scenes
    assert pair_mask(one, jpeg(one, 75)) is Rejected.SAME
    assert pair_mask(one[:100], one) is Rejected.SIZES
    assert pair_mask(forged(one), other) is Rejected.MISALIGNED, "another frame"
    assert pair_mask(forged(one)[:, 3:], one[:, :-3]) is Rejected.MISALIGNED, "moved by 3 pixels"


@pytest.fixture
def pairs(tmp_path: Path, scenes: list[NDArray[np.uint8]]) -> Dataset:
    """A forged pair, an untouched one, one of two frames, and a fake of unknown origin."""
    fakes = [forged(scenes[0]), scenes[1], scenes[2], scenes[3]]
    columns: dict[str, list[str]] = {name: [] for name in ("path", "label", "split", "group", "original")}
    for i, (real, fake) in enumerate(zip([scenes[0], scenes[1], scenes[3]], fakes, strict=False)):
        for label, pixels, original in (("real", real, ""), ("fake", fake, f"real{i}")):
            Image.fromarray(pixels).save(tmp_path / f"{label}{i}.png")
            for name, cell in zip(columns, (f"{label}{i}.png", label, "train", f"{i}", original), strict=True):
                columns[name].append(cell)
    columns["original"][5] = "real2"
    write_dataset(tmp_path, columns)
    return open_dataset(tmp_path)


def test_a_dataset_gets_a_table_with_masks(pairs: Dataset, tmp_path: Path) -> None:
    """The pictures stay where they are; each pair's fate is counted."""
    made, counts = mask_dataset(pairs, tmp_path / "masks")
    assert counts == {"mask": 1, Rejected.SAME: 1, Rejected.MISALIGNED: 1}
    again = open_dataset(tmp_path / "masks")
    assert again.columns == made.columns and np.array_equal(again.originals, pairs.originals)
    assert [bool(cell) for cell in again.columns["mask"]] == [False, True, False, False, False, False]
    with Image.open(tmp_path / "masks" / again.columns["mask"][1]) as mask:
        assert mask.size == (224, 224) and mask.mode == "L"


def test_without_originals_there_are_no_pairs(pairs: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="original"):
        mask_dataset(pairs.select(pairs.labels == 1), tmp_path / "masks")
