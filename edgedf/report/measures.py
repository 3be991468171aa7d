"""What is measured of an artefact beside the time of one call, typed; units stand in the names."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgedf.errors import InternalError
from edgedf.metrics import Interval, change


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
        expected = _widest(change(rounds_ms, self.again_ms))
        if not math.isclose(self.share, expected, abs_tol=1e-6):
            raise InternalError(f"noise {self.share:g} contradicts its rounds, which give {expected:g}")


def _widest(found: Interval) -> float:
    return max(-found.low, found.high)
