"""Energy of whole processors, where they count it (RAPL, by Linux)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedf.machine import told
from edgedf.runtime.energy.counter import Counter

POWERCAP = Path("/sys/class/powercap")


@contextmanager
def processor_counter(powercap: Path = POWERCAP) -> Iterator[Counter | None]:
    """Of all packages; it starts anew after some hundred kilojoules, which shows as less than before.

    Args:
        powercap: Folder of the counters.
    """
    # "psys", the platform, lies beside the packages on some machines and would count them again.
    zones = [one.parent for one in powercap.glob("intel-rapl:*/name") if (told(one) or "").startswith("package")]

    def read_mj() -> float:
        return sum(int((zone / "energy_uj").read_text()) for zone in zones) / 1000

    yield Counter("whole processor packages (RAPL)", read_mj) if zones else None
