"""Ctrl-C and SIGTERM that wait for a safe place."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from edgedf.errors import Terminated


class Stop:
    """Whether the process was asked to end, and by what."""

    def __init__(self) -> None:
        self._number: int | None = None

    def note(self, number: int) -> None:
        """Keeps a signal."""
        self._number = number

    def __bool__(self) -> bool:
        return self._number is not None

    def heed(self) -> None:
        """Raises what the signal asked for; to be called in a safe place.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            Terminated: SIGTERM.
        """
        if self:
            raise Terminated if self._number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def held_interrupt() -> Iterator[Stop]:
    """Notes the first Ctrl-C or SIGTERM, so that a step is never cut in two; the second one interrupts.

    In the middle of a step the network's norms have seen a batch that its weights have not learned from: a
    checkpoint of that state would not resume exactly.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        stop.note(number)
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        restore()
