"""What a watcher did so far: counts, busy time by stage, and latency over a bounded window."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

STAGES = ("capture", "detect", "crop", "engine", "verdict")
COUNTED = ("frames", "dropped", "looks", "faces", "failures")
WINDOW = 512  # frames that latency is told of


class Latency(NamedTuple):
    """From capture to event, in milliseconds."""

    p50: float
    p95: float
    p99: float


class Stats(NamedTuple):
    """What a watcher did so far.

    Attributes:
        frames: That it handled.
        dropped: That no one looked at, because newer ones were there.
        looks: Of the face detector.
        faces: That the model judged.
        failures: Calls of detector or model that failed; the faces kept their state.
        busy_s: Seconds spent in each stage: `capture` (processor time of a source, or copying by `submit`), `detect`,
            `crop`, `engine`, and `verdict`, with what follows a face from frame to frame.
        latency_ms: Over the last frames; None before the first.
    """

    frames: int
    dropped: int
    looks: int
    faces: int
    failures: int
    busy_s: dict[str, float]
    latency_ms: Latency | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return self._asdict() | {"latency_ms": self.latency_ms and self.latency_ms._asdict()}


class Meter:
    """Counts and times; may be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = Counter[str]()
        self._busy = dict.fromkeys(STAGES, 0.0)
        self._latencies = deque[float](maxlen=WINDOW)

    def count(self, what: str, number: int = 1) -> int:
        """Adds to a count of `Stats`; gives what it is now."""
        with self._lock:
            self._counts[what] += number
            return self._counts[what]

    def spent(self, stage: str, seconds: float) -> None:
        """Adds time to a stage."""
        with self._lock:
            self._busy[stage] += seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of a block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent(name, time.perf_counter() - start)

    def latency(self, milliseconds: float) -> None:
        """Notes how long a frame took from capture to event."""
        with self._lock:
            self._latencies.append(milliseconds)

    def stats(self) -> Stats:
        """All of it, as it is now."""
        with self._lock:
            counts, busy, latencies = self._counts.copy(), dict(self._busy), list(self._latencies)
        latency = Latency(*np.quantile(latencies, (0.5, 0.95, 0.99)).tolist()) if latencies else None
        numbers = {name: counts[name] for name in COUNTED}
        return Stats(**numbers, busy_s=busy, latency_ms=latency)
