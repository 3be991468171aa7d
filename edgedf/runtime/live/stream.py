"""One opening of a device or network stream, read on a thread of its own, so that nothing in it holds others up."""

import threading
import time
from typing import Any, NamedTuple

from edgedf.faces.container import opened
from edgedf.runtime.live.address import Live
from edgedf.runtime.live.decoding import decoded, reason_of

NO_CLOCK = 0x80  # AVFMT_NOTIMESTAMPS: FFmpeg counts 25 frames a second, whatever comes
OPENING = 2  # times as long as a silence may take the first frame
LEAVING_S = 0.5  # that closing waits for the thread, which may be held up in FFmpeg or a driver


class LostError(Exception):
    """A stream that ended, broke off or fell silent; the text says why and holds no address."""


class Decoded(NamedTuple):
    """A frame as it came.

    Attributes:
        frame: Of PyAV.
        stamp: The stream's own time in seconds; None where it has none.
        arrival: When it came, by the monotonic clock, in seconds.
        number: Of the frame in this opening, from 0.
    """

    frame: Any
    stamp: float | None
    arrival: float
    number: int


class Stream:
    """The newest frame of a live source.

    Args:
        source: What is opened.
        silent_s: Seconds without a frame after which it is lost.

    Attributes:
        broken: Packets and frames so far that could not be used.
    """

    def __init__(self, source: Live, silent_s: float) -> None:
        self._source, self._silent_s = source, silent_s
        self.broken = 0
        self._newest: Decoded | None = None
        self._over = ""
        self._closed = False
        self._changed = threading.Condition()
        self._patience = OPENING * silent_s
        self._thread = threading.Thread(target=self._read, name=f"camera {source.name}", daemon=True)
        self._thread.start()

    def newest(self) -> Decoded | None:
        """Waits for a frame that was not given before and gives the newest; None once the stream is closed.

        Raises:
            LostError: There is none any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self._over or self._closed, self._patience)
            if self._closed:
                return None
            found, self._newest = self._newest, None
        if found is None:
            raise LostError(self._over or f"no frame for {self._patience:g} s")
        self._patience = self._silent_s
        return found

    def close(self) -> None:
        """Ends the wait of who waits for a frame, at once, and the reading as soon as FFmpeg lets go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(LEAVING_S)

    def _read(self) -> None:
        timeout = (OPENING * self._silent_s, self._silent_s)
        try:
            with opened(self._source.url, self._source.format, self._source.options, timeout) as container:
                self._take(container)
            over = "the stream ended"
        except Exception as error:  # of FFmpeg or of PyAV; a thread's traceback would show the address
            over = reason_of(error)
        with self._changed:
            self._over = over
            self._changed.notify_all()

    def _take(self, container: Any) -> None:
        number, has_clock = 0, not container.format.flags & NO_CLOCK
        for frame in decoded(container, lambda: self._closed):
            if frame is None:
                self.broken += 1
                continue
            taken = Decoded(frame, frame.time if has_clock else None, time.monotonic(), number)
            number += 1
            with self._changed:
                self._newest = taken
                self._changed.notify_all()
