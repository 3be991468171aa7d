"""Parts of a face are hidden as explanations hide them."""

import numpy as np

from edgedf.data.hide import hidden_areas, hide
from edgedf.faces.hidden import hidden


def test_areas_leave_something_to_see_on_average_and_are_the_same_for_the_same_seed() -> None:
    shares = [hidden_areas(np.random.default_rng(seed)).mean() for seed in range(200)]
    assert min(shares) > 0.02 and max(shares) < 0.95 and 0.15 < np.mean(shares) < 0.35
    again = hidden_areas(np.random.default_rng(0))
    np.testing.assert_array_equal(again, hidden_areas(np.random.default_rng(0)))


def test_what_is_hidden_has_no_texture_and_the_rest_stays() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    areas = np.zeros((256, 256), np.bool_)
    areas[40:120, 30:90] = True
    found = hide(crop, areas)
    np.testing.assert_array_equal(found[~areas], crop[~areas])
    np.testing.assert_array_equal(found[areas], hidden(crop)[areas])
    assert found[areas].std() < crop[areas].std() / 20
