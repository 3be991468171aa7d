"""The flow of `edgedf watch`: events go to terminal, record and page until the stream ends, or the user ends it."""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from edgedf.console import emit, say
from edgedf.errors import printable
from edgedf.faces.crop import CropRule
from edgedf.runtime.engine import Engine
from edgedf.runtime.live.camera import Camera
from edgedf.runtime.live.event import Event, FaceTrack
from edgedf.runtime.live.record import Record
from edgedf.runtime.live.stats import Stats
from edgedf.runtime.live.watcher import Watcher
from edgedf.runtime.serve import Address, PageServer

Listener = Callable[[Event, Sequence[FaceTrack]], None]
"""Takes an event and those of its tracks whose verdict has just become what it is; must not take long."""

REMEMBERED = 1000  # tracks, of which few are in view at a time


def watch(
    engine: Engine, source: str, serve: Address | None = None, record: Path | None = None, pictures: bool = False
) -> Stats:
    """Watches a source until it ends, or Ctrl-C or SIGTERM ends it.

    Args:
        engine: Judges the faces.
        source: As `Camera` takes it.
        serve: Where to show a page.
        record: Folder for the events.
        pictures: Whether to keep the frames in which a face turns fake there, too.

    Raises:
        InputError: The source, the address or the folder cannot be used.
        MissingExtraError: The source or the page needs a package that is not installed.
    """
    with ExitStack() as stack:
        camera = stack.enter_context(Camera(source))
        listeners: list[Listener] = [tell]
        if record:
            listeners.append(stack.enter_context(Record(record, pictures)))
        if serve:
            rule = CropRule.from_dict(engine.manifest.input.crop)
            page = stack.enter_context(PageServer(serve, camera.name, rule, engine.threshold))
            listeners.append(page)
            say(f"page: {page.url}")
            if not serve.local:
                say("note: whoever has this URL and reaches this machine sees its faces, and nothing is encrypted")
        watcher = stack.enter_context(Watcher(camera, engine, attention=serve is not None))
        say(printable(f"watching {camera.name}; Ctrl-C ends it"))
        follow(watcher, listeners)
    say(_summary(watcher.stats))
    return watcher.stats


def follow(events: Iterable[Event], listeners: Sequence[Listener]) -> None:
    """Passes events on until there are no more, or Ctrl-C or SIGTERM ends it."""
    turns = Turns()
    with _stoppable():
        for event in events:
            turned = turns.of(event)
            for listener in listeners:
                listener(event, turned)


class Turns:
    """Tells whose verdict changes; remembers the newest tracks only, however long the stream."""

    def __init__(self) -> None:
        self._verdicts: dict[int, str] = {}

    def of(self, event: Event) -> list[FaceTrack]:
        """The tracks that are new, or whose verdict is another than before."""
        turned = [track for track in event.tracks if self._verdicts.get(track.id) != track.verdict]
        for track in turned:
            self._verdicts.pop(track.id, None)  # so that what turned last is forgotten last
            self._verdicts[track.id] = track.verdict
        while len(self._verdicts) > REMEMBERED:
            del self._verdicts[next(iter(self._verdicts))]
        return turned


def tell(event: Event, turned: Sequence[FaceTrack]) -> None:
    """Prints a line for each verdict that is new and, in JSON mode, the event."""
    for track in turned:
        reason = f"  ({track.reason})" if track.reason else ""
        say(printable(f"{event.frame_time:8.2f} s  face {track.id}  {track.verdict}  {track.score:.2f}{reason}"))
    emit(event.to_dict())


def _summary(stats: Stats) -> str:
    if stats.latency_ms is None:
        return "no frame"
    p50, _, p99 = stats.latency_ms
    return f"{stats.frames} frames, {stats.dropped} dropped, latency {p50:.1f} ms, p99 {p99:.1f} ms"


@contextmanager
def _stoppable() -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM, by which service managers and containers stop a process, end what is inside."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)
