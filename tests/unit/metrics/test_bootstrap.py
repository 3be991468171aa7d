"""The mean of what was measured of each image, with its interval over groups."""

import numpy as np
import pytest

from edgedf.metrics import mean_interval


def test_it_is_the_mean_of_the_images_and_its_spread_is_that_of_the_groups() -> None:
    random = np.random.default_rng(0)
    level = np.repeat(random.normal(0.5, 0.1, 60), 5)  # all five images of a group alike
    found = mean_interval(level, [f"g{i // 5}" for i in range(300)])
    assert found.value == pytest.approx(level.mean())
    expected = 2 * 1.96 * 0.1 / np.sqrt(60)
    assert found.high - found.low == pytest.approx(expected, rel=0.25)
    alone = mean_interval(level, [f"g{i}" for i in range(300)])
    assert alone.high - alone.low < 0.6 * (found.high - found.low)


def test_groups_count_by_their_images() -> None:
    assert mean_interval(np.array([1.0, 1.0, 1.0, 0.0]), ["a", "a", "a", "b"]).value == 0.75


def test_one_group_says_nothing_of_the_spread() -> None:
    found = mean_interval(np.array([0.2, 0.4]), ["a", "a"], lowest=-1.0)
    assert (found.low, found.high) == (-1.0, 1.0)
