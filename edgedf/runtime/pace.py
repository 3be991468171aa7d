"""Latency at a camera's pace: with pauses between the calls, in which caches cool and clocks slow down."""

import time
from collections.abc import Callable

PERIOD_S = 1 / 30


def at_pace(call: Callable[[], object], *, count: int = 300, period_s: float = PERIOD_S) -> list[float]:
    """Times calls that begin when a frame comes, in milliseconds.

    A frame that comes while a call runs is left out, as in a camera app that takes the newest.

    Args:
        call: What to time.
        count: Number of calls.
        period_s: Seconds from one frame to the next.
    """
    begin, times, frame = time.perf_counter(), [], 0
    for _ in range(count):
        wait(begin + frame * period_s)
        start = time.perf_counter()
        call()
        end = time.perf_counter()
        times.append((end - start) * 1000)
        frame = max(frame, int((end - begin) / period_s)) + 1
    return times


def after_idle(call: Callable[[], object], *, idle_s: float = 1.0, count: int = 3) -> float:
    """The slowest of some calls that each come after a pause, in milliseconds."""
    times = []
    for _ in range(count):
        wait(time.perf_counter() + idle_s)
        times += at_pace(call, count=1)
    return max(times)


def wait(until: float) -> None:
    """Sleeps until a time of `time.perf_counter`."""
    while (left := until - time.perf_counter()) > 0:
        time.sleep(left)
