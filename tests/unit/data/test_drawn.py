"""Drawn faces: repeatable, varied, and not to be told apart by cheap statistics."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.drawn import draw_dataset, draw_face, draw_pair
from edgedf.data.person import random_person, random_scene
from edgedf.data.portrait import paint
from edgedf.data.portrait_forgery import METHODS, forge_portrait
from edgedf.data.readers import open_dataset
from edgedf.errors import ConfigError
from edgedf.metrics import auc

Pairs = list[tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]]


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    rng = np.random.default_rng(0)
    return [draw_pair(rng) for _ in range(60)]


@pytest.mark.parametrize("fake", [False, True])
def test_a_seed_draws_one_face(fake: bool) -> None:
    """The same generator state draws the same pixels, another state others."""
    first, again, other = (draw_face(np.random.default_rng(seed), fake) for seed in (1, 1, 2))
    assert first.shape == (256, 256, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_only_the_masked_region_is_forged(pairs: Pairs) -> None:
    """Outside the mask a forgery is its original; inside it differs, in the middle of the face."""
    for real, fake, mask in pairs:
        changed = np.abs(real.astype(int) - fake).max(axis=2)
        assert mask.min() == 0
        assert mask.max() == pytest.approx(1, abs=0.02)
        assert not changed[mask == 0].any()
        assert changed[mask > 0.9].mean() > 1
        assert 0.05 < mask.mean() < 0.4
        assert mask[110:150, 110:150].mean() > 0.8


@pytest.mark.parametrize("method", METHODS)
def test_every_method_forges(method: str) -> None:
    """Each method changes the inner face."""
    rng = np.random.default_rng(0)
    person, scene = random_person(rng), random_scene(rng)
    face = paint(person, scene, rng)
    forged, mask = forge_portrait(face, person, scene, method, rng)
    assert np.abs(forged - face)[mask > 0.5].mean() > 1


def test_cheap_statistics_do_not_tell(pairs: Pairs) -> None:
    """Brightness, contrast and sharpness of the whole picture stay under AUC .7 either way."""
    faces = np.stack([real for real, _, _ in pairs] + [fake for _, fake, _ in pairs]).astype(np.float32)
    labels = np.repeat([0, 1], len(pairs)).astype(np.uint8)
    statistics = {
        "red": faces[..., 0].mean((1, 2)),
        "green": faces[..., 1].mean((1, 2)),
        "blue": faces[..., 2].mean((1, 2)),
        "contrast": faces.std((1, 2, 3)),
        "sharpness": np.abs(np.diff(faces, axis=2)).mean((1, 2, 3)),
        "curvature": np.abs(np.diff(faces, n=2, axis=2)).mean((1, 2, 3)),
    }
    for name, values in statistics.items():
        assert 0.3 < auc(labels, values) < 0.7, name


def test_faces_vary(pairs: Pairs) -> None:
    """No two drawings are near each other, and their brightness spreads."""
    small = np.stack([real[::16, ::16] for real, _, _ in pairs]).astype(float)
    distances = np.abs(small[:, None] - small[None]).mean((2, 3, 4)) + 255 * np.eye(len(small))
    assert distances.min() > 5
    assert small.mean((1, 2, 3)).std() > 15


def test_dataset_keeps_the_contract(tmp_path: Path) -> None:
    """It opens like any other, with the asked counts, people kept together and methods on fakes only."""
    drawn = draw_dataset(tmp_path, images=60, prevalence=0.3)
    dataset = open_dataset(tmp_path)
    assert dataset.columns == drawn.columns
    assert dataset.labels.sum() == 18
    assert set(dataset.splits) == {"train", "val", "test"}
    assert max(Counter(dataset.groups).values()) == 4
    assert [bool(method) for method in dataset.methods] == (dataset.labels == 1).tolist()


def test_dataset_is_repeatable(tmp_path: Path) -> None:
    """One seed draws one dataset, byte for byte."""
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        draw_dataset(tmp_path / name, images=8, prevalence=0.5, seed=seed)
    first, again, other = ({file.name: file.read_bytes() for file in (tmp_path / name).rglob("*.*")} for name in "abc")
    assert first == again != other


@pytest.mark.parametrize("prevalence", [0, 1, 0.01])
def test_one_class_is_no_dataset(tmp_path: Path, prevalence: float) -> None:
    """Both classes must be there."""
    with pytest.raises(ConfigError, match="one class only"):
        draw_dataset(tmp_path, images=10, prevalence=prevalence)
