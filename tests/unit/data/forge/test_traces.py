"""What generators and other cameras leave."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.forge.traces import generated, matched, moved, respectrumed, retaken


@pytest.fixture
def crop() -> NDArray[np.uint8]:
    """A smooth slope in each colour."""
    ramp = np.linspace(60, 180, 256)
    return np.stack(np.broadcast_arrays(ramp[:, None], ramp, 120), -1).astype(np.uint8)


def spectrum(crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    grey = crop.mean(2)
    amplitudes: NDArray[np.float64] = np.abs(np.fft.fft2(grey - grey.mean())) / grey.size
    return amplitudes


def test_a_transposed_convolution_leaves_a_grid(crop: NDArray[np.uint8]) -> None:
    """Power at the highest frequency of rows or columns, which the slope hardly has."""
    for seed in range(10):
        made = spectrum(generated(crop, np.random.default_rng(seed)))
        assert max(made[128, 0], made[0, 128]) > 5 * max(spectrum(crop)[[128, 0], [0, 128]])


def test_a_changed_spectrum_has_a_peak(crop: NDArray[np.uint8]) -> None:
    places = [256 // period for period in (2, 4, 8)]
    for seed in range(10):
        made = spectrum(respectrumed(crop, np.random.default_rng(seed)))
        assert max(made[place, place] for place in places) > 0.01
        assert max(spectrum(crop)[place, place] for place in places) < 0.005


def test_another_camera_changes_colour_and_detail_but_not_the_face(crop: NDArray[np.uint8]) -> None:
    levels = []
    for seed in range(20):
        other = retaken(crop, np.random.default_rng(seed))
        assert other.shape == crop.shape and np.corrcoef(other[..., 0].ravel(), crop[..., 0].ravel())[0, 1] > 0.95
        levels.append(other.mean((0, 1)) - crop.mean((0, 1)))
    assert np.std(levels, axis=0).min() > 5 and np.abs(levels).max() < 60


def test_matching_gives_the_targets_mean(crop: NDArray[np.uint8]) -> None:
    mask = np.zeros((256, 256), np.uint8)
    mask[64:192, 64:192] = 255
    dark = (crop * 0.8).astype(np.uint8)
    inside = mask > 0
    assert np.allclose(matched(dark, crop, mask)[inside].mean(0), crop[inside].mean(0), atol=1)


def test_a_map_moves_pixels(crop: NDArray[np.uint8]) -> None:
    shifted = moved(crop, np.array([[1.0, 0, 10], [0, 1, 0]]))
    assert np.array_equal(shifted[:, 10:], crop[:, :-10])
