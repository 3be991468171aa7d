"""Masks from points."""

import numpy as np
import pytest

from edgedf.data.forge.masks import REGIONS, region, soften
from edgedf.faces.mesh import NOSE, OVAL


@pytest.fixture
def points() -> np.ndarray:
    """An oval of 80 x 100 pixels around the middle; all other points lie in a ring of half its size."""
    turn = np.linspace(0, 2 * np.pi, 468, endpoint=False)
    ring = 128 + np.stack([40 * np.cos(turn), 50 * np.sin(turn)], 1)
    around = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    ring[list(OVAL)] = 128 + np.stack([80 * np.cos(around), 100 * np.sin(around)], 1)
    return ring


def test_a_region_is_the_hull_of_its_points(points: np.ndarray) -> None:
    mask = region(points, ("hull",))
    assert set(np.unique(mask)) == {0, 255}
    assert (mask == 255).sum() == pytest.approx(np.pi * 80 * 100, rel=0.03)
    x, y = points[NOSE[0]].astype(int)
    assert region(points, ("nose",))[y, x] == 255


def test_every_region_lies_in_the_face_and_parts_add_up(points: np.ndarray) -> None:
    hull = region(points, ("hull",))
    for name in REGIONS:
        assert 0 < (region(points, (name,)) & hull).sum() == region(points, (name,)).sum()
    both = region(points, ("nose", "mouth"))
    assert np.array_equal(both, region(points, ("nose",)) | region(points, ("mouth",)))


def test_points_outside_the_picture_are_cut_off(points: np.ndarray) -> None:
    assert region(points * 3 - 256, ("hull",)).all()


def test_a_soft_mask_is_whole_inside_and_nothing_far_outside(points: np.ndarray) -> None:
    hard = region(points, ("hull",))
    areas = []
    for seed in range(20):
        soft = soften(hard, np.random.default_rng(seed))
        assert soft[128, 128] == 255 and not soft[:8].any() and not soft[:, :8].any()
        assert ((soft > 0) & (soft < 255)).any()
        areas.append(soft.mean() / 255)
    assert len(set(areas)) == 20 and max(areas) < 1.1 * hard.mean() / 255
