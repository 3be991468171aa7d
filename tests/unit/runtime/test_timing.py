"""Latency in interleaved rounds."""

import time

import pytest

from edgedf.runtime.timing import clock_resolution_ms, measure


def test_calls_take_turns_after_the_warm_up() -> None:
    """Warm-up first, then one untimed and at least one timed call of each in every round."""
    order: list[str] = []
    found = measure({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2, turn_s=0.0, warm_up=3)
    assert "".join(order) == "aaabbb" + "aabb" * 2
    assert found["a"].calls == found["b"].calls == 2


def test_a_slower_call_has_the_larger_latency_in_milliseconds() -> None:
    found = measure({"short": lambda: None, "long": lambda: time.sleep(0.004)}, rounds=3, turn_s=0.01)
    assert 4 <= found["long"].latency_ms_p50 <= found["long"].latency_ms_p95
    assert found["short"].latency_ms_p50 < 1
    assert found["short"].calls > found["long"].calls


def test_a_budget_ends_the_rounds_but_every_call_has_a_turn() -> None:
    calls = dict.fromkeys("abc", lambda: time.sleep(0.01))
    start = time.perf_counter()
    found = measure(calls, rounds=1000, turn_s=0.0, warm_up=0, budget_s=0.1)
    assert time.perf_counter() - start < 5
    assert all(one.calls >= 1 for one in found.values())
    assert sum(one.calls for one in found.values()) <= 6
    assert {one.calls for one in measure(calls, turn_s=0.0, warm_up=0, budget_s=0.0).values()} == {1}


def test_the_first_calls_do_not_count() -> None:
    """A call that is slow at first has the latency of its later calls."""
    pauses = iter([0.05, 0.05] + [0.0] * 10**6)
    found = measure({"tuned": lambda: time.sleep(next(pauses))}, rounds=3, turn_s=0.0, warm_up=2)
    assert found["tuned"].latency_ms_p95 == pytest.approx(0, abs=20)


def test_percentiles_rise_and_every_round_has_its_median() -> None:
    found = measure({"a": lambda: sum(range(2000))}, rounds=4, turn_s=0.002, warm_up=1)["a"]
    percentiles = [found.latency_ms_p50, found.latency_ms_p90, found.latency_ms_p95, found.latency_ms_p99]
    assert [*percentiles, found.latency_ms_max] == sorted([*percentiles, found.latency_ms_max])
    assert len(found.rounds_ms) == 4
    assert min(found.rounds_ms) <= found.latency_ms_p50 <= max(found.rounds_ms)


def test_the_clock_tells_apart_what_is_a_thousandth_of_a_call() -> None:
    assert 0 < clock_resolution_ms() < 0.01
