"""A detector for a camera app: frames in, events out, and nothing that blocks or grows."""

import asyncio
import atexit
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import InputError
from edgedf.faces.crop import CropRule
from edgedf.faces.detectors import Detector, load_detector
from edgedf.forks import Home
from edgedf.runtime.engine import Engine
from edgedf.runtime.live.event import Event
from edgedf.runtime.live.frame import Frame, check_frame
from edgedf.runtime.live.mailbox import Mailbox
from edgedf.runtime.live.pace import Pace
from edgedf.runtime.live.pipeline import Pipeline
from edgedf.runtime.live.source import Source, Taken, captured
from edgedf.runtime.live.stats import Meter, Stats
from edgedf.shipped import DEFAULT_STUDENT, TERMS

JOIN_S = 5.0  # that `close` waits for the work on a frame to end


class Watcher:
    """Follows the faces of a stream and says of each whether it is real or fake, or that it cannot tell.

    Pulled::

        for event in Watcher(Camera("clip.mp4")):
            print(event.frame_time, event.tracks)

    Pushed, by an app that has a loop of its own::

        with Watcher() as watcher:
            while True:
                watcher.submit(frame)    # returns at once
                event = watcher.latest() # of some frame before, or None

    One thread works; another reads a live source. Of a live source and of frames that are submitted the newest is
    taken and others are dropped, and so are events nobody fetched; the frames of a file are all handled, in order, and
    its events wait to be fetched. Leaving the loop closes the watcher. It works in the process that made it: a forked
    child is refused with one line.

    Args:
        source: Where frames come from; closed with the watcher. None for `submit`.
        model: Folder of a bundle, or an engine, which stays open; None for the student that comes with edgedf.
        deadline_ms: Time that a frame has: looks and judgements are made so rare that the work keeps up.
        attention: Whether the faces of events carry their attention map.
        on_event: Called with each event, in the thread that works, in place of a loop. It begins at once where there is
            a source.
        threads: Of one call of detector and model. They take turns, so the watcher never uses more.
        detector: Finds the faces; by default the one the bundle names, whose boxes its crop rule is made for.

    Raises:
        InputError: A value cannot be used, or the bundle is refused.
    """

    def __init__(
        self,
        source: Source | None = None,
        model: str | Path | Engine | None = None,
        *,
        deadline_ms: float = 33.0,
        attention: bool = False,
        on_event: Callable[[Event], object] | None = None,
        threads: int = 1,
        detector: Detector | None = None,
    ) -> None:
        if not deadline_ms > 0:
            raise InputError(f"a deadline of {deadline_ms} ms cannot be kept: give more than 0")
        self._source, self._on_event = source, on_event
        self._own = not isinstance(model, Engine)
        self._terms = [] if model else [TERMS]
        self._engine = model if isinstance(model, Engine) else Engine.load(model or DEFAULT_STUDENT, threads=threads)
        detector = detector or load_detector(CropRule.from_dict(self._engine.manifest.input.crop).detector, threads)
        self._in_order = source is not None and not source.live
        self._meter = Meter()
        pace = Pace(deadline_ms, hurried=not self._in_order)
        self._pipeline = Pipeline(self._engine, detector, pace, self._meter, attention)
        self._inbox, self._outbox = Mailbox[Taken](), Mailbox[Event]()
        self._captured = captured(source, self._meter)
        self._deliver = on_event or (self._outbox.hand if self._in_order else self._outbox.put)
        self._last: Event | None = None
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None
        self._submitted, self._closed = 0, False
        self._threads: list[threading.Thread] = []
        self._home = Home(self)
        self._lock = threading.RLock()  # a signal's handler may close while its thread submits
        if source is not None and on_event:
            self._start()

    @property
    def notes(self) -> list[str]:
        """What the engine says of how it was loaded, and on what terms the student is used that comes with edgedf."""
        return [*self._terms, *self._engine.notes]

    @property
    def stats(self) -> Stats:
        """What was done so far.

        Raises:
            UnavailableError: The watcher was made before this process was forked.
        """
        self._home.check("this watcher")
        return self._meter.stats()

    def submit(self, pixels: NDArray[np.uint8], timestamp: float | None = None, *, copy: bool = True) -> int:
        """Gives a frame, in place of an older one that nobody looked at yet, and returns at once.

        Args:
            pixels: RGB `(H, W, 3)` uint8, upright.
            timestamp: In seconds, by any clock; by default `time.monotonic`.
            copy: Whether to copy the pixels, .4 ms for 1080p, so that the caller may use its buffer again. Without it
                they must never be changed.

        Returns:
            The frame's number, from 0.

        Raises:
            InputError: It is no such frame, or the watcher is closed or has a source.
            EdgedfError: The work ended with this error.
        """
        start = time.perf_counter()
        if self._source is not None:
            raise InputError("this watcher has a source: submit frames to one without")
        timestamp = time.monotonic() if timestamp is None else float(timestamp)
        check_frame(pixels, timestamp)
        self._start()
        if self._closed:
            self._raise()  # where it has just ended with an error
            raise InputError("this watcher is closed: make another")
        kept = pixels.copy() if copy else pixels
        with self._lock:  # several threads may submit
            number, self._submitted = self._submitted, self._submitted + 1
            self._inbox.put((Frame(kept, timestamp, number), start))
        self._meter.spent("capture", time.perf_counter() - start)
        return number

    def latest(self) -> Event | None:
        """The newest event, fetched before or not; None before the first.

        Raises:
            EdgedfError: The work ended with this error.
        """
        self._raise()
        return self._last

    def __iter__(self) -> Iterator[Event]:
        """The events, until the source ends or the watcher is closed; closes it when left.

        Raises:
            EdgedfError: The source, the detector or the model failed for long.
        """
        self._fetchable()
        try:
            while (event := self._events().get()) is not None:
                yield event
        finally:
            self.close()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """As the plain loop, for `async for`: the event loop goes on meanwhile."""
        self._fetchable()
        try:
            while (event := await self._events().aget()) is not None:
                yield event
        finally:
            await asyncio.to_thread(self.close)  # it waits for the work on a frame to end

    def wait(self) -> None:
        """Waits until the source ends or the watcher is closed: what is left to do with `on_event`.

        Raises:
            EdgedfError: The source, the detector, the model or the callback failed.
        """
        for thread in self._threads[:1]:  # the one that works, and closes when it ends
            thread.join()
        self._raise()

    def close(self) -> None:
        """Ends the work and lets source and model go; may be called twice."""
        if self._home.is_elsewhere:  # without its threads, and with locks that they may have held
            return
        with self._lock:  # no thread is joined before it was started
            self._closed = True
        self._inbox.close()
        self._outbox.close()
        if self._source is not None:
            self._source.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_S)
        if self._own:
            self._engine.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        """The watcher itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _fetchable(self) -> None:
        if self._on_event:
            raise InputError("this watcher's events go to on_event: wait for its end by wait()")
        self._start()

    def _events(self) -> Mailbox[Event]:
        self._home.check("this watcher")
        return self._outbox

    def _start(self) -> None:
        """Starts the threads, once, where it is not closed; says what ended the work where it did."""
        self._raise()
        with self._lock:
            if self._threads or self._closed:
                return
            works = [self._work] if self._source is None or self._in_order else [self._work, self._read]
            self._threads = [threading.Thread(target=work, name="edgedf-watcher", daemon=True) for work in works]
            atexit.register(self.close)  # a thread inside a library when the interpreter ends may crash it
            for thread in self._threads:
                thread.start()

    def _raise(self) -> None:
        self._home.check("this watcher")
        if self._error:
            raise self._error.with_traceback(self._trace)  # or it grew with every call of an app that goes on

    def _read(self) -> None:
        """Reads a live source."""
        try:
            for taken in self._captured:
                self._inbox.put(taken)
        except BaseException as error:  # such as SystemExit of the app's own source: this thread's end is nobody's news
            self._inbox.close(error)
        self._inbox.close()

    def _work(self) -> None:
        """Makes events of frames until there are no more, and closes: a live source would be read for ever."""
        try:
            for frame, taken in self._captured if self._in_order else iter(self._inbox.get, None):
                if self._closed:  # a frame may wait yet, and its event is no one's
                    break
                self._last = self._pipeline.event(frame, taken)
                self._deliver(self._last)
        except BaseException as error:  # such as SystemExit of the app's callback
            self._trace, self._error = error.__traceback__, error
            self._outbox.close(error)
        finally:
            self.close()
