"""Latency of several calls, measured in one run and in turn, so that the machine's moods meet all alike."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Latency:
    """Latency of one call in milliseconds; the first calls, which allocate and tune, are apart."""

    latency_ms_p50: float
    latency_ms_p95: float
    calls: int


def measure(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 30,
    turn_s: float = 0.05,
    warm_up: int = 5,
    budget_s: float = math.inf,
) -> dict[str, Latency]:
    """Times calls in interleaved rounds.

    In each round each call has one turn: once untimed, which brings its memory back to the caches, then again
    and again for `turn_s` seconds, at least once.

    Args:
        calls: What to time, by name.
        rounds: Number of turns of each call.
        turn_s: Length of a turn in seconds.
        warm_up: Calls before the first round.
        budget_s: Seconds after which no turn begins, but for the first of each call.
    """
    end = time.perf_counter() + budget_s
    for call in calls.values():
        for _ in range(warm_up):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            if not times[name] or time.perf_counter() < end:
                times[name] += _turn(call, turn_s)
    return {name: _latency(seconds) for name, seconds in times.items()}


def _turn(call: Callable[[], object], turn_s: float) -> list[float]:
    """Seconds of each call of one turn."""
    call()
    times: list[float] = []
    end = time.perf_counter() + turn_s
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def _latency(seconds: list[float]) -> Latency:
    p50, p95 = np.quantile(np.asarray(seconds) * 1000, (0.5, 0.95))
    return Latency(float(p50), float(p95), len(seconds))
