"""Forgeries: what is equal to the real face, and what is not."""

from pathlib import Path

import numpy as np
import pytest

from edgedf.data.dataset import Dataset
from edgedf.data.forge.donors import CANDIDATES, Donors, onto
from edgedf.data.forge.forger import Forger
from edgedf.data.forge.masks import region
from edgedf.data.forge.variants import RATIOS, VARIANTS, Donor, Face, Forgery, Source, Variant
from edgedf.data.forge.write import forge_dataset
from edgedf.data.packed import PackedFaces

VIEWS = range(4)


def forgeries(forger: Forger, reals: list[int], variant: str) -> list[Forgery]:
    return [forger.forged(face, view, variant) for face in reals[:8] for view in VIEWS]


@pytest.mark.parametrize("variant", VARIANTS)
def test_outside_the_mask_real_and_fake_are_equal_bit_for_bit(forger: Forger, reals: list[int], variant: str) -> None:
    """Else a network learns pixels that nobody forged. Inside they differ, in nearly every forgery visibly."""
    changes, outside = [], 0
    for one in forgeries(forger, reals, variant):
        untouched = one.mask == 0
        assert np.array_equal(one.fake[untouched], one.real[untouched])
        outside += int(untouched.sum())
        changes.append(np.abs(one.fake.astype(int) - one.real)[one.mask > 128].mean() if one.mask.max() > 128 else 9)
    assert outside and np.median(changes) > 0.5 and np.mean(np.array(changes) == 0) < 0.02


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_forgery_is_a_function_of_its_numbers(forger: Forger, reals: list[int], variant: str) -> None:
    for one, again in zip(forgeries(forger, reals[:2], variant), forgeries(forger, reals[:2], variant), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    fakes = [one.fake.tobytes() for one in forgeries(forger, reals[:2], variant)]
    assert len(set(fakes)) == len(fakes)


def test_the_real_face_is_the_same_alone_as_beside_its_forgery(
    forger: Forger, faces: PackedFaces, reals: list[int]
) -> None:
    """In half of the views it is retaken, in the others it is the crop itself."""
    same = []
    for face in reals[:8]:
        for view in VIEWS:
            real = forger.real(face, view)
            assert np.array_equal(real, forger.forged(face, view).real)
            same.append(np.array_equal(real, faces.pixels[face]))
    assert 0.3 < np.mean(same) < 0.7


def test_masks_reach_the_ratios(forger: Forger, reals: list[int]) -> None:
    peaks = {int(one.mask.max()) for one in forgeries(forger, reals, "swap")}
    assert max(RATIOS) == 1 and peaks == {round(255 * ratio) for ratio in RATIOS}


def test_variants_come_by_their_shares(forger: Forger, reals: list[int]) -> None:
    drawn = [forger.variant(reals[0], view) for view in range(1000)]
    for name, variant in VARIANTS.items():
        assert drawn.count(name) / 1000 == pytest.approx(variant.share, abs=0.05)


def test_a_new_variant_is_one_entry(
    forger: Forger, reals: list[int], drawn: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CONTRIBUTING.md adds one: it is drawn by its share, blended within its mask, and written by its name."""

    def inverted(face: Face, donor: Donor, rng: np.random.Generator) -> Source:
        return 255 - face.crop, region(face.points, ("mouth",))

    for name, variant in VARIANTS.items():
        monkeypatch.setitem(VARIANTS, name, variant._replace(share=variant.share / 2))
    monkeypatch.setitem(VARIANTS, "inverted", Variant(inverted, 0.5, False))
    assert [forger.variant(reals[0], view) for view in range(200)].count("inverted") == pytest.approx(100, abs=30)
    for one in forgeries(forger, reals[:2], "inverted"):
        assert 0 < np.mean(one.mask > 0) < 0.5 and np.array_equal(one.fake[one.mask == 0], one.real[one.mask == 0])
        whole = one.mask == 255
        assert np.array_equal(one.fake[whole], (255 - one.real)[whole])
    assert set(forge_dataset(drawn, tmp_path, "inverted", count=2).methods) == {"", "inverted"}


def test_a_share_of_the_faces_is_chosen_anew_in_each_view(forger: Forger, faces: PackedFaces, reals: list[int]) -> None:
    table = np.array([forger.chosen(np.arange(len(faces)), view, 0.3) for view in range(200)])
    assert not table[:, [i for i in range(len(faces)) if i not in reals]].any()
    assert table[:, reals].mean() == pytest.approx(0.3, abs=0.03)
    assert table[:, reals].mean(0).std() < 0.06


def test_the_donor_is_the_nearest_of_another_group() -> None:
    points = np.zeros((CANDIDATES, 468, 2), np.float32) + np.arange(CANDIDATES)[:, None, None]
    groups = [str(i // 2) for i in range(CANDIDATES)]
    donors = Donors(points, groups, np.arange(1, CANDIDATES))
    found = [donors.near(10, np.random.default_rng(seed)) for seed in range(50)]
    assert not {10, 11} & set(found)
    assert {9, 12} <= set(found) and np.abs(np.array(found) - 10).max() < 8


def test_one_person_alone_is_its_own_donor() -> None:
    donors = Donors(np.zeros((4, 468, 2), np.float32), ["one"] * 4, np.arange(4))
    assert donors.near(2, np.random.default_rng(0)) == 2


def test_points_are_brought_onto_others() -> None:
    source = np.random.default_rng(0).uniform(0, 256, (468, 2))
    matrix = np.array([[0.9, 0.1, 5], [-0.1, 1.1, -7]])
    assert np.allclose(onto(source, source @ matrix[:, :2].T + matrix[:, 2]), matrix)
