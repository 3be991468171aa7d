"""Augmented views."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.views import make_view


@pytest.fixture
def crop() -> NDArray[np.uint8]:
    """A bright square, 128 px wide, in the middle of grey."""
    picture = np.full((256, 256, 3), 60, np.uint8)
    picture[64:192, 64:192] = 200
    return picture


def test_a_view_is_a_function_of_its_numbers(crop: NDArray[np.uint8]) -> None:
    first, again, other = (make_view(crop, seed, 0.1) for seed in ((1, 2, 3), (1, 2, 3), (1, 2, 4)))
    assert np.array_equal(first.pixels, again.pixels) and np.array_equal(first.box, again.box)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.shape == (256, 256, 3) and first.pixels.dtype == np.uint8


def test_the_box_says_where_the_crop_went(crop: NDArray[np.uint8]) -> None:
    """The bright square is half as wide as the crop: its centre is the box's, its area a quarter."""
    for number in range(40):
        view = make_view(crop, (0, number), 0.12)
        bright = view.pixels.mean(2) > view.pixels.mean(2).min() + 0.5 * np.ptp(view.pixels.mean(2))
        rows, columns = np.nonzero(bright)
        assert abs((columns.mean() + 0.5) / 128 - 1 - view.box[0]) < 0.02
        assert abs((rows.mean() + 0.5) / 128 - 1 - view.box[1]) < 0.02
        assert abs(np.sqrt(bright.sum()) / 128 - view.box[2]) < 0.03


def test_views_differ_in_place_size_and_light(crop: NDArray[np.uint8]) -> None:
    views = [make_view(crop, (0, number), 0.12) for number in range(40)]
    boxes = np.array([view.box for view in views])
    assert (boxes.std(0) > 0.03).all()
    assert np.std([view.pixels.mean() for view in views]) > 5


def test_without_jitter_the_face_stays(crop: NDArray[np.uint8]) -> None:
    assert make_view(crop, (5,), 0.0).box.tolist() == [0, 0, 1]
