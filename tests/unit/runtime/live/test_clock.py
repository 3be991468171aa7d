"""Times that rise."""

import itertools

import pytest

from edgedf.runtime.live.clock import RisingClock


def times(clock: RisingClock, stamps: list[float | None], now: list[float], anew: int | None = None) -> list[float]:
    pairs = enumerate(zip(stamps, now, strict=True))
    found = [clock.time(stamp, moment, i == anew) for i, (stamp, moment) in pairs]
    assert all(a < b for a, b in itertools.pairwise(found))
    return found


def test_the_streams_own_time_stands_whatever_the_network_does() -> None:
    stamps = [100.0, 100.04, 100.08, 100.12]
    assert times(RisingClock(leaps=False), [*stamps], [7.0, 7.9, 7.9, 7.91]) == stamps


def test_a_clock_that_jumps_goes_on_by_the_time_that_passed() -> None:
    back = times(RisingClock(leaps=False), [5000.0, 5000.1, 3.0, 3.1], [1.0, 1.1, 1.2, 1.3])
    ahead = times(RisingClock(leaps=False), [0.0, 0.1, 9000.0, 9000.1], [1.0, 1.1, 1.2, 1.3])
    assert back == pytest.approx([5000.0, 5000.1, 5000.2, 5000.3])
    assert ahead == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_a_stream_opened_anew_goes_on_after_the_pause() -> None:
    found = times(RisingClock(leaps=False), [60.0, 60.1, 60.15, 60.25], [1.0, 1.1, 4.1, 4.2], anew=2)
    assert found == pytest.approx([60.0, 60.1, 63.1, 63.2])


def test_frames_out_of_order_or_twice_do_not_move_the_clock() -> None:
    stamps: list[float | None] = [0.0, 0.0, 0.2, 0.1, 0.4, 0.4, 0.6]
    found = times(RisingClock(leaps=False), stamps, [i / 10 for i in range(7)])
    assert (found[0], found[2], found[4], found[6]) == (0.0, 0.2, 0.4, 0.6)


def test_a_pause_in_a_file_is_one() -> None:
    assert times(RisingClock(leaps=True), [0.0, 0.04, 90.0], [0.0, 0.04, 0.08]) == [0.0, 0.04, 90.0]


def test_without_stamps_the_trusted_clock_counts() -> None:
    assert times(RisingClock(leaps=False), [None, None, None], [5.0, 5.5, 7.0]) == [0.0, 0.5, 2.0]
