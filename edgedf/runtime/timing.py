"""Latency of several calls, measured in one run and in turn, so that the machine's moods meet all alike."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Latency:
    """Latency of one call in milliseconds; the first calls, which allocate and tune, are apart.

    Attributes:
        calls: Number of timed calls, over all rounds.
        rounds_ms: Median of each round, in their order: what tells noise from a difference.
    """

    latency_ms_p50: float
    latency_ms_p95: float
    calls: int
    latency_ms_p90: float
    latency_ms_p99: float
    latency_ms_max: float
    rounds_ms: list[float]


def noise_crops(count: int) -> NDArray[np.uint8]:
    """Noise `(count, 256, 256, 3)` to time calls on, the same each time: a network takes as long for any picture."""
    return np.random.default_rng(0).integers(0, 256, (count, 256, 256, 3), np.uint8)


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
    times: dict[str, list[list[float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            if not times[name] or time.perf_counter() < end:
                times[name].append(_turn(call, turn_s))
    return {name: _latency(turns) for name, turns in times.items()}


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


def _latency(turns: list[list[float]]) -> Latency:
    """Sums up the turns of one call, in seconds."""
    times = np.concatenate(turns) * 1000
    p50, p90, p95, p99 = np.quantile(times, (0.5, 0.9, 0.95, 0.99)).tolist()
    return Latency(
        latency_ms_p50=p50,
        latency_ms_p95=p95,
        calls=len(times),
        latency_ms_p90=p90,
        latency_ms_p99=p99,
        latency_ms_max=float(times.max()),
        rounds_ms=[float(np.median(turn)) * 1000 for turn in turns],
    )


def clock_resolution_ms() -> float:
    """The least step of the clock that was seen, which no difference can be below."""
    ticks = np.array([time.perf_counter() for _ in range(1000)])
    steps = np.diff(ticks)
    return float(steps[steps > 0].min()) * 1000
