"""Small pictures: cuts, and who looks like whom."""

import numpy as np

from edgedf.data.drawn import draw_face
from edgedf.runtime.live.thumbnails import appearances, change, is_cut, thumbnail
from tests.unit.runtime.live.stubs import at, backdrop, picture


def test_another_scene_is_a_cut_and_light_or_a_passer_by_is_none() -> None:
    here = thumbnail(backdrop(0))
    assert is_cut(here, thumbnail(backdrop(1)))
    assert not is_cut(here, thumbnail((backdrop(0) * 0.6).astype(np.uint8)))
    assert not is_cut(here, thumbnail(picture(0, [at(100)])))
    assert is_cut(here, thumbnail(backdrop(0)[:, :200])), "of another shape"


def test_noise_in_the_dark_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    dark = [thumbnail(rng.integers(0, 20, (180, 320, 3)).astype(np.uint8)) for _ in range(2)]
    assert not is_cut(*dark)


def test_change_is_nought_of_the_same_picture_whatever_its_size() -> None:
    for size in ((1, 1), (16, 16), (16, 5000), (97, 33), (1080, 1920)):
        small = thumbnail(np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8))
        assert max(small.shape) <= 256 and small.size and change(small, small) == 0


def test_a_person_looks_more_like_herself_than_like_another() -> None:
    frame = np.full((300, 600, 3), 90, np.uint8)
    frame[20:276, 20:276] = draw_face(np.random.default_rng(0), fake=False)
    frame[20:276, 320:576] = draw_face(np.random.default_rng(1), fake=False)
    boxes = np.array([[60, 60, 160, 180], [64, 57, 160, 184], [360, 60, 160, 180]], np.float32)
    alike = appearances(frame, boxes) @ appearances(frame, boxes).T
    assert np.allclose(alike.diagonal(), 1, atol=1e-5)
    assert alike[0, 1] > 0.9 > alike[0, 2] + 0.2


def test_what_is_out_of_sight_or_of_one_colour_looks_like_nothing() -> None:
    frame = np.full((100, 100, 3), 90, np.uint8)
    boxes = np.array([[200, 0, 50, 50], [-80, 10, 50, 50], [10, 10, 50, 50]], np.float32)
    assert not appearances(frame, boxes).any()
    assert appearances(frame, boxes[:0]).shape == (0, 192)
