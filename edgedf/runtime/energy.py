"""Energy of calls, where the processor counts it and lets this user read the counters (RAPL)."""

import time
from collections.abc import Callable
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


def energy_per_call(call: Callable[[], object], *, for_s: float = 1.0, powercap: Path = POWERCAP) -> float | None:
    """Energy of one call in millijoules, of whole processor packages and all that runs on them.

    Args:
        call: Called again and again.
        for_s: Seconds to go on.
        powercap: Folder of the counters.

    Returns:
        None where there is no counter that can be read, or one started anew meanwhile.
    """
    if (before := _counters(powercap)) is None:
        return None
    end, calls = time.perf_counter() + for_s, 0
    while not calls or time.perf_counter() < end:
        call()
        calls += 1
    after = _counters(powercap)
    if after is None or any(now < was for was, now in zip(before, after, strict=True)):
        return None
    return (sum(after) - sum(before)) / 1000 / calls


def _counters(powercap: Path) -> list[int] | None:
    """Microjoules of each package; their parts, which are counted in them, are left out."""
    try:
        return [int((one / "energy_uj").read_text()) for one in sorted(powercap.glob("intel-rapl:[0-9]"))] or None
    except OSError:
        return None
