"""What a face in a frame can tell, and why it tells nothing."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from edgedf.data.drawn import draw_face
from edgedf.runtime.live.quality import of_box, of_crop, turn
from tests.unit.runtime.live.stubs import FRONT, Pixels


@pytest.fixture(scope="module")
def crop() -> Pixels:
    return draw_face(np.random.default_rng(0), fake=False)


def turned(nose: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    points = FRONT.copy()
    points[2, 0] = nose
    return points


def test_a_good_face_counts_in_full(crop: Pixels) -> None:
    assert of_box(200, FRONT) == of_crop(crop) == (1, "")


@pytest.mark.parametrize(
    ("side", "nose", "reason"), [(47, 0.5, "too small"), (200, 0.71, "profile"), (200, 0.2, "profile")]
)
def test_small_and_turned_faces_tell_nothing(side: float, nose: float, reason: str) -> None:
    assert of_box(side, turned(nose)) == (0, reason)


def test_dark_and_blurred_faces_tell_nothing(crop: Pixels) -> None:
    soft = np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(6)))
    assert of_crop((crop * 0.12).astype(np.uint8)).reason == "too dark"
    assert of_crop(soft).reason == "too blurred"


def test_in_between_the_weakest_side_decides() -> None:
    assert of_box(48, FRONT).weight == pytest.approx(0.5)
    assert of_box(72, FRONT).weight == pytest.approx(0.75)
    assert of_box(72, turned(0.6)).weight == pytest.approx(0.75)


def test_a_turn_does_not_depend_on_roll_or_size() -> None:
    angle = np.deg2rad(30)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    points = turned(0.62)
    assert turn(points) == pytest.approx(0.6, abs=1e-5)
    assert turn(points @ rotation.T * 70) == pytest.approx(turn(points), abs=0.15)
    assert turn(np.zeros((5, 2), np.float32)) == np.inf, "no face at all"
