"""Energy of calls, by whichever counter of this machine tells it of what does the work; one file each."""

import time
from collections.abc import Callable
from typing import NamedTuple

from edgedf.runtime.energy.counter import Counter, Meter
from edgedf.runtime.energy.nvml import gpu_counter
from edgedf.runtime.energy.rail import board_counter
from edgedf.runtime.energy.rapl import processor_counter

ON_CPU: tuple[Meter, ...] = (processor_counter, board_counter)
ON_GPU: tuple[Meter, ...] = (gpu_counter, board_counter)


class Energy(NamedTuple):
    """Energy of one call.

    Attributes:
        mj: In millijoules.
        of: What else is in it, and which counter told.
    """

    mj: float
    of: str


def energy_per_call(
    call: Callable[[], object], *, on_gpu: bool = False, for_s: float = 1.0, meters: tuple[Meter, ...] | None = None
) -> Energy | None:
    """Measures the energy of one call, with all that runs beside it.

    Args:
        call: Called again and again.
        on_gpu: The GPU of TensorRT does the work, and not the processor.
        for_s: Seconds to go on.
        meters: Where to look for a counter, the best first.

    Returns:
        None where no counter can be read, or the one that can stood still or started anew meanwhile.
    """
    for meter in meters or (ON_GPU if on_gpu else ON_CPU):
        with meter() as counter:
            if counter is not None and (before := _read(counter)) is not None:
                calls = _repeat(call, for_s)
                after = _read(counter)
                spent = 0.0 if after is None else after - before
                return Energy(spent / calls, counter.of) if spent > 0 else None
    return None


def _read(counter: Counter) -> float | None:
    try:
        return counter.read_mj()
    except OSError:
        return None


def _repeat(call: Callable[[], object], for_s: float) -> int:
    """Calls for some seconds, at least once, and counts."""
    end, calls = time.perf_counter() + for_s, 0
    while not calls or time.perf_counter() < end:
        call()
        calls += 1
    return calls
