"""468 points: where they lie in the crop, and that a face is told from noise."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.drawn import draw_face
from edgedf.faces.crop import CropRule
from edgedf.faces.detectors import load_detector
from edgedf.faces.landmarks import Landmarks

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH = (33, 133), (362, 263), (1,), (13, 14)  # of the face mesh: corners, tip, lips


@pytest.fixture(scope="module")
def landmarks() -> Landmarks:
    return Landmarks()


def test_points_agree_with_the_detectors(landmarks: Landmarks, crowd: NDArray[np.uint8]) -> None:
    """Eyes, nose and mouth lie within a twentieth of the crop of where YuNet sees them."""
    [faces] = load_detector("yunet").detect([crowd])
    for box, seen in zip(faces.boxes, faces.points, strict=True):
        x, y, side = CropRule().square(tuple(box), 960, 400)
        points, scores = landmarks.find(CropRule().cut(crowd, tuple(box))[None])
        assert points.shape == (1, 468, 2) and points.dtype == scores.dtype == np.float32
        assert scores[0] > 0.9
        there = points[0] * side / 256 + (x, y)
        ours = [there[list(part)].mean(axis=0) for part in (RIGHT_EYE, LEFT_EYE, NOSE, MOUTH)]
        theirs = [*seen[:3], seen[3:].mean(axis=0)]
        assert np.array(ours) == pytest.approx(np.array(theirs), abs=float(side) / 20)


def test_points_are_in_pixels_of_the_crop(landmarks: Landmarks) -> None:
    """A crop twice as large has its points twice as far apart."""
    small = draw_face(np.random.default_rng(0), fake=False)[None]
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    assert landmarks.find(large)[0] == pytest.approx(landmarks.find(small)[0] * 2, abs=3)


def test_noise_is_no_face(landmarks: Landmarks) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3), dtype=np.uint8)
    assert (landmarks.find(noise)[1] < 0.1).all()
    assert landmarks.find(noise[:0])[0].shape == (0, 468, 2)
