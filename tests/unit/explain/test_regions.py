import numpy as np
import pytest

from edgedf.data.drawn import draw_face
from edgedf.explain.maps import centre_prior
from edgedf.explain.regions import OUTSIDE, Regions, find_regions, regions_of_box, shares
from edgedf.faces.crop import CropRule
from edgedf.faces.landmarks import Landmarks


@pytest.fixture(scope="module")
def by_points() -> Regions:
    face = draw_face(np.random.default_rng(3), fake=False)
    regions, sure = find_regions(face, CropRule(), Landmarks())
    assert sure
    return regions


@pytest.fixture(scope="module")
def by_box() -> Regions:
    return regions_of_box(CropRule())


@pytest.mark.parametrize("kind", ["by_points", "by_box"])
def test_each_pixel_is_in_one_region(kind: str, request: pytest.FixtureRequest) -> None:
    regions: Regions = request.getfixturevalue(kind)
    assert (np.sum(list(regions.values()), axis=0) == 1).all()


@pytest.mark.parametrize("kind", ["by_points", "by_box"])
def test_the_parts_lie_below_one_another(kind: str, request: pytest.FixtureRequest) -> None:
    regions: Regions = request.getfixturevalue(kind)
    rows = [np.nonzero(regions[name])[0].mean() for name in ("forehead", "eyes", "nose", "mouth", "chin")]
    assert rows == sorted(rows)


def test_noise_has_no_points_and_is_told_by_the_box() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    regions, sure = find_regions(noise, CropRule(), Landmarks())
    assert not sure
    assert "cheeks" not in regions and OUTSIDE in regions


def test_shares_add_up_and_a_flat_map_has_those_of_the_area(by_box: Regions) -> None:
    found = shares(centre_prior(), by_box)
    assert sum(one.evidence for one in found.values()) == pytest.approx(1, abs=1e-4)
    assert found["nose"].evidence > found["nose"].area
    for one in shares(np.zeros((256, 256), np.float32), by_box).values():
        assert one.evidence == pytest.approx(one.area, abs=1e-4)
