"""What every source of energy figures gives."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple


class Counter(NamedTuple):
    """A counter of energy.

    Attributes:
        of: What it is of, and how it is read.
        read_mj: Millijoules since some moment; raises `OSError` where this user may not read it, or it is not there.
    """

    of: str
    read_mj: Callable[[], float]


Meter = Callable[[], AbstractContextManager[Counter | None]]  # of None where the machine has no such counter
