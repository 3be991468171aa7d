"""Cues: each family moves with what it is named after."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from edgedf.data.audit.cues import FAMILIES, Cues, file_cues, pixel_cues
from edgedf.faces.crop import read_image


@pytest.fixture
def picture() -> Image.Image:
    random = np.random.default_rng(0)
    patches = Image.fromarray(random.integers(0, 256, (32, 32, 3), dtype=np.uint8))
    return patches.resize((256, 256), Image.Resampling.BICUBIC)


def cues_of(picture: Image.Image, path: Path, quality: int = 90) -> Cues:
    picture.save(path, quality=quality)
    pixels = read_image(path)
    return {**pixel_cues(pixels, pixels), **file_cues(path, {"box_x": "5", "box_y": "6", "box_w": "40", "box_h": "50"})}


def test_every_family_is_there(picture: Image.Image, tmp_path: Path) -> None:
    assert cues_of(picture, tmp_path / "a.jpg").keys() == FAMILIES.keys()


def test_quality_moves_the_tables_and_the_size(picture: Image.Image, tmp_path: Path) -> None:
    fine, coarse = (cues_of(picture, tmp_path / f"{quality}.jpg", quality=quality) for quality in (95, 50))
    assert not np.allclose(fine["jpeg"], coarse["jpeg"])
    assert fine["file size"][0] > coarse["file size"][0]
    assert np.allclose(fine["position"], coarse["position"])


def test_a_grid_of_blocks_shows_after_the_tables_are_gone(picture: Image.Image, tmp_path: Path) -> None:
    """A picture compressed once and saved without loss still shows the 8 px grid."""
    clean = cues_of(picture, tmp_path / "clean.png")
    picture.save(tmp_path / "once.jpg", quality=20)
    once = cues_of(Image.open(tmp_path / "once.jpg"), tmp_path / "once.png")
    pixels = [read_image(tmp_path / name) for name in ("clean.png", "once.png")]
    assert clean.keys() == once.keys()
    before, after = (pixel_cues(one, one)["jpeg"] for one in pixels)
    assert (after > before + 0.05).all()


def test_blur_moves_sharpness_and_the_high_rings(picture: Image.Image, tmp_path: Path) -> None:
    sharp = cues_of(picture, tmp_path / "a.png")
    soft = cues_of(picture.filter(ImageFilter.GaussianBlur(2)), tmp_path / "b.png")
    assert (soft["sharpness"] < sharp["sharpness"]).all()
    assert (soft["spectrum"][6:12] < sharp["spectrum"][6:12]).all()


def test_a_black_edge_moves_the_border(picture: Image.Image, tmp_path: Path) -> None:
    pixels = np.array(picture)
    pixels[:8] = 0
    whole, edged = cues_of(picture, tmp_path / "a.png"), cues_of(Image.fromarray(pixels), tmp_path / "b.png")
    assert edged["border"][3] == 1 and whole["border"][3] < 0.5
