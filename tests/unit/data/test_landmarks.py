"""Points of a dataset's faces."""

from pathlib import Path

import numpy as np
import pytest

from edgedf.data.drawn import draw_dataset
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, join, pack
from edgedf.faces.landmarks import Landmarks


@pytest.fixture
def faces(tmp_path: Path) -> PackedFaces:
    return pack(draw_dataset(tmp_path / "drawn", 8), tmp_path / "cache")


def test_real_faces_get_points_and_fakes_none(faces: PackedFaces, tmp_path: Path) -> None:
    points = face_points(faces, tmp_path / "cache")
    assert points.shape == (8, 468, 2)
    assert np.array_equal(np.isfinite(points).all((1, 2)), faces.labels == 0)
    middle = points[faces.labels == 0].mean((0, 1))
    assert np.abs(middle - 128).max() < 25, "a drawn face fills its crop"


def test_they_are_found_once(faces: PackedFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the dataset is trained on beside another."""
    first = face_points(faces, tmp_path / "cache")
    monkeypatch.setattr(Landmarks, "find", lambda *_: pytest.fail("they are known"))
    both = face_points(join([faces, faces]), tmp_path / "cache")
    assert np.array_equal(both, np.concatenate([first, first]), equal_nan=True)


def test_no_face_has_no_points(faces: PackedFaces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Landmarks, "find", lambda _, crops: (np.ones((len(crops), 468, 2)), np.full(len(crops), 0.1)))
    assert np.isnan(face_points(faces, tmp_path / "cache")).all()
