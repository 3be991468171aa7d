"""Augmented views."""

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.views import DICE, make_view, mix_with_original, plan_views, throw_dice


@pytest.fixture
def crop() -> NDArray[np.uint8]:
    """A bright square, 128 px wide, in the middle of grey."""
    picture = np.full((256, 256, 3), 60, np.uint8)
    picture[64:192, 64:192] = 200
    return picture


class View(NamedTuple):
    pixels: NDArray[np.uint8]
    box: NDArray[np.float32]


def _view(crop: NDArray[np.uint8], number: int, jitter: float) -> View:
    """A view of image 7."""
    plan = plan_views(np.array([7]), number, jitter)[0]
    pixels = np.empty_like(crop)
    make_view(crop, plan, pixels)
    return View(pixels, plan.box)


def test_dice_are_uniform_and_independent() -> None:
    """Over images and over views; images are not each other's views."""
    over_views = np.hstack([throw_dice(np.array([3]), view) for view in range(4000)])
    for dice in (throw_dice(np.arange(4000), 0), over_views):
        table = dice.T
        assert table.shape == (4000, DICE) and table.min() >= 0 and table.max() < 1
        assert np.abs(np.sort(table, 0) - np.linspace(0, 1, 4000)[:, None]).max() < 0.035, "Kolmogorov-Smirnov"
        apart = np.corrcoef(np.hstack([table[1:], table[:-1]]), rowvar=False) - np.eye(2 * DICE)
        assert np.abs(apart).max() < 0.08
    assert not np.isin(throw_dice(np.arange(100), 0), throw_dice(np.arange(100), 1)).any()


def test_half_of_the_views_keep_their_sampling(crop: NDArray[np.uint8]) -> None:
    scales = np.array([_view(crop, number, 0.1).box[2] for number in range(200)])
    assert 0.4 < np.mean(scales == 1) < 0.6
    assert scales.min() < 0.9 and 1.05 < scales.max() <= 1.1 + 1 / 256


def test_a_view_is_a_function_of_its_numbers(crop: NDArray[np.uint8]) -> None:
    first, again, other = (_view(crop, number, 0.1) for number in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels) and np.array_equal(first.box, again.box)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.shape == (256, 256, 3) and first.pixels.dtype == np.uint8


def test_the_box_says_where_the_crop_went(crop: NDArray[np.uint8]) -> None:
    """The bright square is half as wide as the crop: its centre is the box's, its area a quarter."""
    for number in range(40):
        view = _view(crop, number, 0.12)
        bright = view.pixels.mean(2) > view.pixels.mean(2).min() + 0.5 * np.ptp(view.pixels.mean(2))
        rows, columns = np.nonzero(bright)
        assert abs((columns.mean() + 0.5) / 128 - 1 - view.box[0]) < 0.02
        assert abs((rows.mean() + 0.5) / 128 - 1 - view.box[1]) < 0.02
        assert abs(np.sqrt(bright.sum()) / 128 - view.box[2]) < 0.03


def test_a_mixture_is_as_bright_as_the_share_of_its_fake() -> None:
    """White faded into black; the shares are of Beta(1/2, 1/2): mean .5, variance 1/8."""
    white, black = np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)
    shares = np.array([plan.share for plan in plan_views(np.arange(4000), 0, 0.0)])
    mixtures = [mix_with_original(white, black, share) for share in shares.tolist()]
    assert np.allclose([pixels.mean() / 255 for pixels in mixtures], shares, atol=0.002)
    assert shares.mean() == pytest.approx(0.5, abs=0.02) and shares.var() == pytest.approx(0.125, abs=0.005)


def test_views_differ_in_place_size_and_light(crop: NDArray[np.uint8]) -> None:
    views = [_view(crop, number, 0.12) for number in range(40)]
    boxes = np.array([view.box for view in views])
    assert (boxes.std(0) > 0.03).all()
    assert np.std([view.pixels.mean() for view in views]) > 5


def test_without_jitter_the_face_stays(crop: NDArray[np.uint8]) -> None:
    assert _view(crop, 5, 0.0).box.tolist() == [0, 0, 1]
