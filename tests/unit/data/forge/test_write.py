"""Forged datasets."""

from pathlib import Path

import numpy as np
import pytest

from edgedf.data.dataset import Dataset
from edgedf.data.forge.variants import VARIANTS
from edgedf.data.forge.write import forge_dataset
from edgedf.data.readers import open_dataset
from edgedf.errors import ConfigError, DatasetError
from edgedf.faces.crop import read_image


@pytest.fixture(autouse=True)
def _packed_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEDF_CACHE", str(cache))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forged") / "out"


def test_pairs_with_masks_are_a_dataset(drawn: Dataset, out: Path) -> None:
    forge_dataset(drawn, out, count=30)
    forged = open_dataset(out)
    homes = dict(zip(drawn.groups, drawn.splits, strict=True))
    assert all(homes[group] == split for group, split in zip(forged.groups, forged.splits, strict=True))
    assert set(forged.splits) == set(drawn.splits)
    assert forged.labels.tolist() == [0, 1] * 30 and set(forged.methods) - {""} <= set(VARIANTS)
    fakes = np.flatnonzero(forged.labels == 1)
    assert np.array_equal(forged.originals[fakes], fakes - 1)
    for fake in fakes[:8].tolist():
        pixels, real = (read_image(forged.paths[i]) for i in (fake, fake - 1))
        mask = read_image(out / forged.columns["mask"][fake])[..., 0]
        assert np.array_equal(pixels[mask == 0], real[mask == 0]) and not np.array_equal(pixels, real)


def test_a_folder_is_not_forged_into_twice(drawn: Dataset, out: Path) -> None:
    with pytest.raises(ConfigError, match="already"):
        forge_dataset(drawn, out)


def test_the_seed_and_the_variant_decide(drawn: Dataset, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        made = forge_dataset(drawn, tmp_path / name, "swap", 3, seed)
        assert made.methods == ["", "swap"] * 3
    one, again, other = ((tmp_path / name / "fake/000001.png").read_bytes() for name in ("one", "again", "other"))
    assert one == again != other


def test_an_unknown_variant_is_one_line(drawn: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'blur'.*self_blend, swap"):
        forge_dataset(drawn, tmp_path, "blur")


def test_without_real_faces_there_is_nothing_to_forge(drawn: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no real face"):
        forge_dataset(drawn.select(drawn.labels == 1), tmp_path / "out")
