"""Where the frames of a watcher come from."""

import time
from collections.abc import Iterator
from typing import Protocol

from edgedf.runtime.live.frame import Frame
from edgedf.runtime.live.stats import Meter

Taken = tuple[Frame, float]
"""A frame, and when it was taken, by `time.perf_counter`."""


class Source(Protocol):
    """Where frames come from, such as `edgedf.runtime.Camera`."""

    @property
    def live(self) -> bool:
        """Whether frames come whether one is ready or not."""

    def __iter__(self) -> Iterator[Frame]:
        """The frames in their order, until there are no more."""

    def close(self) -> None:
        """Lets the source go; may be called by another thread, and twice."""


def captured(source: Source | None, meter: Meter) -> Iterator[Taken]:
    """A source's frames, none without one; processor time is what they cost, as a camera is waited for."""
    start = time.thread_time()
    for frame in () if source is None else source:
        meter.spent("capture", time.thread_time() - start)
        yield frame, time.perf_counter()
        start = time.thread_time()
