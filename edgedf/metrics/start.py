"""How a process with a model starts, and the memory it takes, typed."""

from dataclasses import dataclass

from edgedf.errors import InternalError

SHORTEST_MS, LONGEST_MS = 1e-6, 1e9  # of a latency that was measured: a cycle of a processor, and eleven days


def is_latency(*times_ms: float) -> bool:
    """Whether times can be divided by, and drawn by their logarithm."""
    return all(SHORTEST_MS <= one <= LONGEST_MS for one in times_ms)


@dataclass(frozen=True)
class Start:
    """A process that loads the bundle and scores one face.

    Attributes:
        process_ms: From the start of the process to its first score.
        load_ms: Of it, loading the bundle.
        first_ms: Of it, the first call.
        peak_mb: Most resident memory; None where the system does not tell.
        steady_mb: Resident memory after some calls; None where the system does not tell.

    Raises:
        InternalError: The figures contradict each other.
    """

    process_ms: float
    load_ms: float
    first_ms: float
    peak_mb: float | None
    steady_mb: float | None

    def __post_init__(self) -> None:
        """Checks that the parts fit into the whole."""
        if self.load_ms + self.first_ms > self.process_ms or (self.steady_mb or 0) > (self.peak_mb or 0):
            raise InternalError(f"a start takes at least its parts, and peak memory the steady one: {self}")
