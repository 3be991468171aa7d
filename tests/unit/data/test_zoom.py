"""A part of a face is shown, enlarged and turned."""

import numpy as np

from edgedf.data.zoom import PART, TURN, zoom


def test_a_part_is_shown_enlarged() -> None:
    """Brightness rises along x and y: how fast it does in the view tells the part and the turn."""
    ramp = np.arange(256, dtype=np.float32)
    crop = np.zeros((256, 256, 3), np.uint8)
    crop[..., 0], crop[..., 1] = ramp, ramp[:, None]
    parts, turns, middles = [], [], []
    for seed in range(40):
        view = zoom(crop, np.random.default_rng(seed)).astype(float)
        assert view.shape == crop.shape
        middle = view[112:144, 112:144]  # not what is mirrored at the borders
        right, down = (np.gradient(middle, axis=axis).mean((0, 1)) for axis in (1, 0))
        parts.append(np.hypot(right[0], right[1]))
        turns.append(np.rad2deg(np.arctan2(right[1], right[0])))
        middles.append(middle[15:17, 15:17].mean((0, 1))[:2] - 127.5)
        assert abs(np.hypot(*down[:2]) - parts[-1]) < 0.08, "rounded to levels, the same along both sides"
    assert PART[0] - 0.05 < min(parts) < PART[0] + 0.15 and PART[1] - 0.15 < max(parts) < PART[1] + 0.05
    assert -TURN - 3 < min(turns) < -10 and 10 < max(turns) < TURN + 3
    shifts = np.abs(np.array(middles)).max(1) / 128
    assert np.all(shifts <= 1 - np.array(parts) + 0.1) and shifts.max() > 0.3, "the part lies anywhere in the crop"


def test_the_same_draw_gives_the_same_view() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    first, again, other = (zoom(crop, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
