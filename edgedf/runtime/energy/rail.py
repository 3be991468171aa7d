"""Energy of a whole board, from the power on its input rail: a Jetson has a sensor there (INA3221, by Linux).

The board is the module; what else the carrier that it sits on takes is not in it.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgedf.machine import told
from edgedf.runtime.energy.counter import Counter

HWMON = Path("/sys/class/hwmon")
# Of Orin NX and Nano, Xavier NX and TX2; of the first Nano. AGX Xavier and Orin measure only parts of themselves.
INPUT_RAILS = ("VDD_IN", "POM_5V_IN")
PERIOD_S = 0.02  # a reading takes the bus a millisecond, and the sensor averages over longer


@contextmanager
def board_counter(hwmon: Path = HWMON) -> Iterator[Counter | None]:
    """Of the board that this is, read again and again by a thread of its own.

    Args:
        hwmon: Folder of the sensors.
    """
    if (found := _input_rail(hwmon)) is None:
        yield None
        return
    name, power_mw = found
    energy, done = _Sum(power_mw), threading.Event()
    thread = threading.Thread(target=_keep_reading, args=(energy, done), daemon=True)
    thread.start()
    try:
        yield Counter(f"the whole module, rail {name}", energy.read_mj)
    finally:
        done.set()
        thread.join()


def _input_rail(hwmon: Path) -> tuple[str, Callable[[], float]] | None:
    """Name of the rail that feeds the board, and what reads its power in milliwatts."""
    for label in sorted(hwmon.glob("hwmon*/*_label")):
        name, channel = told(label), re.fullmatch(r"(?:in|power)(\d+)_label", label.name)
        if name in INPUT_RAILS and channel:
            return name, _power(label.parent, channel[1])
    return None


def _power(sensor: Path, channel: str) -> Callable[[], float]:
    """Power in milliwatts: as the sensor tells it, in microwatts, or else millivolts times milliamperes."""
    whole = sensor / f"power{channel}_input"
    if whole.exists():
        return lambda: int(whole.read_text()) / 1000
    volts, amperes = (sensor / f"{one}{channel}_input" for one in ("in", "curr"))
    return lambda: int(volts.read_text()) * int(amperes.read_text()) / 1000


class _Sum:
    """Energy that a power adds up to, as often as it is read."""

    def __init__(self, power_mw: Callable[[], float]) -> None:
        self._power_mw, self._lock = power_mw, threading.Lock()
        self._mj, self._last = 0.0, (0.0, 0.0)

    def read_mj(self) -> float:
        with self._lock:
            now, power = time.perf_counter(), self._power_mw()
            then, before = self._last
            self._mj += (now - then) * (power + before) / 2 if then else 0.0
            self._last = now, power
            return self._mj


def _keep_reading(energy: _Sum, done: threading.Event) -> None:
    while not done.wait(PERIOD_S):
        try:
            energy.read_mj()
        except OSError:  # whoever asks for the sum meets it too
            return
