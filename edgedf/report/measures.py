"""What is measured of an artefact beside the time of one call, typed; units stand in the names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgedf.errors import InternalError
from edgedf.metrics import Interval, change
from edgedf.metrics.start import is_latency


@dataclass(frozen=True)
class Noise:
    """What this run takes for a difference where there is none: one artefact, measured twice under two names.

    Attributes:
        model: Name of the result that was measured twice.
        again_ms: Medians of the rounds under the second name, in their order.
        share: Largest difference of the two that lies in its 95 % interval, as a share: a smaller one between two
            models is a tie.
        clock_ms: Least step of the clock.
    """

    model: str
    again_ms: Sequence[float]
    share: float
    clock_ms: float

    @classmethod
    def of(cls, model: str, rounds_ms: Sequence[float], again_ms: Sequence[float], clock_ms: float) -> "Noise":
        """The noise of a run.

        Args:
            model: Name of the result that was measured twice.
            rounds_ms: Medians of its rounds.
            again_ms: The same under its second name, in the same rounds.
            clock_ms: Least step of the clock.
        """
        return cls(model, again_ms, _widest(change(rounds_ms, again_ms)), clock_ms)

    def check(self, rounds_ms: Sequence[float]) -> None:
        """Checks that the noise follows from its rounds.

        Raises:
            InternalError: It does not.
        """
        if len(rounds_ms) != len(self.again_ms):
            raise InternalError(
                f"{self.model} has {len(rounds_ms)} rounds, and {len(self.again_ms)} under its other name"
            )
        if not is_latency(*rounds_ms, *self.again_ms):
            raise InternalError(f"rounds of {self.model} took no time, or too much")
        expected = _widest(change(rounds_ms, self.again_ms))
        if not math.isclose(self.share, expected, abs_tol=1e-6):
            raise InternalError(f"noise {self.share:g} contradicts its rounds, which give {expected:g}")


def _widest(found: Interval) -> float:
    return max(-found.low, found.high)


@dataclass(frozen=True)
class Batch:
    """Calls of several faces, timed in turns with those of other sizes.

    Attributes:
        faces: In one call.
        face_ms_p50: Median of a call, divided by its faces.
    """

    faces: int
    face_ms_p50: float


@dataclass(frozen=True)
class AllCores:
    """Calls of one face on every core that the process may use, timed in turns with those of other models.

    Attributes:
        threads: Of a call.
        latency_ms_p50: Median.
        latency_ms_p95: 95th percentile.
    """

    threads: int
    latency_ms_p50: float
    latency_ms_p95: float

    def __post_init__(self) -> None:
        """Checks that the figures can be.

        Raises:
            InternalError: They cannot.
        """
        if not is_latency(self.latency_ms_p50, self.latency_ms_p95):
            raise InternalError(f"calls on all cores took no time, or too much: {self.latency_ms_p50:g} ms")


@dataclass(frozen=True)
class Paced:
    """Calls at a camera's pace, with idle gaps between them.

    Attributes:
        period_ms: From one frame to the next, which is the deadline of a call.
        calls: Number of timed calls.
        latency_ms_p50: Median.
        latency_ms_p95: 95th percentile.
        latency_ms_p99: 99th percentile.
        latency_ms_max: The slowest.
        missed: Calls that were not done when the next frame came.
        after_idle_ms: The slowest of a few calls that came after a second without any.

    Raises:
        InternalError: The figures contradict each other.
    """

    period_ms: float
    calls: int
    latency_ms_p50: float
    latency_ms_p95: float
    latency_ms_p99: float
    latency_ms_max: float
    missed: int
    after_idle_ms: float

    def __post_init__(self) -> None:
        """Checks that the figures can be."""
        times = [self.latency_ms_p50, self.latency_ms_p95, self.latency_ms_p99, self.latency_ms_max]
        if times != sorted(times) or (self.latency_ms_max > self.period_ms) != (self.missed > 0):
            raise InternalError(f"{self.missed} missed deadlines of {self.period_ms:g} ms contradict latencies {times}")

    @classmethod
    def of(cls, times_ms: Sequence[float], period_ms: float, after_idle_ms: float) -> "Paced":
        """Sums up calls at a pace."""
        p50, p95, p99 = np.quantile(times_ms, (0.5, 0.95, 0.99)).tolist()
        missed = sum(one > period_ms for one in times_ms)
        return cls(period_ms, len(times_ms), p50, p95, p99, max(times_ms), missed, after_idle_ms)
