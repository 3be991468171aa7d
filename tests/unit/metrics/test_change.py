"""A change of latency is told from noise, on rounds as a busy machine gives them."""

import numpy as np
import pytest

from edgedf.metrics import change, times_as_fast
from tests.recorded_rounds import RECORDED


def test_the_change_is_that_of_the_fastest_rounds() -> None:
    """Whatever disturbs the others: here half of them, threefold."""
    old = np.linspace(1.0, 1.01, 30)
    new = 1.08 * old * np.where(np.arange(30) % 2, 3.0, 1.0)
    found = change(old.tolist(), new.tolist())
    assert found.value == pytest.approx(0.08, abs=0.002)
    assert 0.07 < found.low <= found.value <= found.high < 0.10


def test_the_same_seed_gives_the_same_interval() -> None:
    old, new = RECORDED[0].tolist()
    assert change(old, new) == change(old, new)
    assert change(old, new, seed=1) != change(old, new)


def test_few_rounds_tell_nothing_of_their_noise() -> None:
    found = change([1.0] * 9, [1.5] * 30)
    assert (found.value, found.low, found.high) == (0.5, -1.0, 1.0)


def test_a_ratio_is_of_the_fastest_rounds() -> None:
    """What slows some rounds leaves it; that of the medians would be .5."""
    assert times_as_fast([2.0, 20.0, 20.0, 2.0, 2.0], [4.0, 1.0, 40.0, 4.0, 20.0]) == 2.0
    assert times_as_fast([1.0, 1.0], [4.0, 4.0]) == 0.25
    assert times_as_fast([1.0, 1.0], [1.0]) is None
    assert times_as_fast([], []) is None
