from itertools import pairwise

import numpy as np

from edgedf.explain.bands import EDGES, band_name, bands, without_bands
from edgedf.explain.explanation import Subject
from edgedf.explain.maps import Crop

NAMES = [band_name(*edges) for edges in pairwise(EDGES)]


def wave(cycles: int) -> Crop:
    """Upright stripes."""
    line = 128 + 60 * np.cos(2 * np.pi * cycles * (np.arange(256) + 0.5) / 256)
    return np.broadcast_to(line[None, :, None], (256, 256, 3)).astype(np.uint8)


def test_a_wave_vanishes_with_its_own_band_and_with_no_other() -> None:
    spread = without_bands(wave(30)).std((1, 2, 3))
    own = NAMES.index("24-40 cycles")
    assert spread[own] < 2
    assert (np.delete(spread, own) > 40).all()


def test_the_light_is_in_no_band() -> None:
    flat = np.full((256, 256, 3), 77, np.uint8)
    assert (without_bands(flat) == 77).all()


def test_the_band_that_the_logit_rests_on_loses_the_most(subject: Subject) -> None:
    found = bands(subject.ask, wave(50), 1.0)
    assert list(found) == NAMES
    assert max(found, key=lambda name: found[name]) == "40-64 cycles"
    assert found["40-64 cycles"] > 2 > 0.1 > found["8-16 cycles"]


def test_the_finest_band_is_named_by_what_a_crop_can_hold() -> None:
    assert NAMES[-1] == "96-128 cycles"
