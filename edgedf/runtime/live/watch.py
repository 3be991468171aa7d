"""The flow of `edgedf watch`: each event of a stream goes to all who want it, until the stream or the user ends it."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from edgedf.console import emit, say
from edgedf.errors import printable
from edgedf.runtime.live.event import Event, FaceTrack

Listener = Callable[[Event, Sequence[FaceTrack]], None]
"""Takes an event and those of its tracks whose verdict has just become what it is."""

REMEMBERED = 1000  # tracks, of which few are in view at a time
LATENCIES = 10_000  # of the newest frames


class Turns:
    """Tells whose verdict changes; remembers the newest tracks only, however long the stream."""

    def __init__(self) -> None:
        self._verdicts: dict[int, str] = {}

    def of(self, event: Event) -> list[FaceTrack]:
        """The tracks that are new or whose verdict differs from the one in the event before."""
        turned = [track for track in event.tracks if self._verdicts.get(track.id) != track.verdict]
        for track in turned:
            self._verdicts.pop(track.id, None)  # so that what turned last is forgotten last
            self._verdicts[track.id] = track.verdict
        while len(self._verdicts) > REMEMBERED:
            del self._verdicts[next(iter(self._verdicts))]
        return turned


class Summary:
    """What a stream came to.

    Attributes:
        frames: That were looked at.
        dropped: That no one looked at.
        fakes: Tracks that were called fake, each time they were.
    """

    def __init__(self) -> None:
        self.frames = self.dropped = self.fakes = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES)

    def add(self, event: Event, turned: Sequence[FaceTrack]) -> None:
        """Counts an event in."""
        self.frames += 1
        self.dropped = event.dropped
        self.fakes += sum(track.verdict == "fake" for track in turned)
        self._latencies.append(event.latency_ms)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; latencies in milliseconds, of the newest frames, None where there was none."""
        p50, p99 = np.percentile(self._latencies, (50, 99)).round(2).tolist() if self._latencies else (None, None)
        counts = {"frames": self.frames, "dropped": self.dropped, "fakes": self.fakes}
        return {**counts, "latency_ms_p50": p50, "latency_ms_p99": p99}

    def __str__(self) -> str:
        """One line for a person."""
        values = self.to_dict()
        latency = "latency {latency_ms_p50} ms, p99 {latency_ms_p99} ms".format(**values) if self.frames else "no frame"
        return f"{self.frames} frames, {self.dropped} dropped, {self.fakes} times fake, {latency}"


def watch(events: Iterable[Event], listeners: Sequence[Listener]) -> Summary:
    """Passes events on until there are no more, or Ctrl-C or SIGTERM ends it.

    Args:
        events: Of a stream.
        listeners: Are called one after the other; none may take long.
    """
    turns, summary = Turns(), Summary()
    with _stoppable():
        for event in events:
            turned = turns.of(event)
            for listener in (summary.add, *listeners):
                listener(event, turned)
    return summary


def tell(event: Event, turned: Sequence[FaceTrack]) -> None:
    """Prints a line for each verdict that is new and, in JSON mode, the event."""
    for track in turned:
        reason = f"  ({track.reason})" if track.reason else ""
        say(printable(f"{event.frame_time:8.2f} s  face {track.id}  {track.verdict}  {track.score:.2f}{reason}"))
    emit(event.to_dict())


@contextmanager
def _stoppable() -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM, by which service managers and containers stop a process, end what is inside."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
