"""A place for one thing between two threads, which bounds what waits there."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds one thing at most. Nobody polls: who waits sleeps."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self._error: BaseException | None = None
        self._wakers: list[Callable[[], object]] = []

    def put(self, item: T) -> None:
        """Leaves a thing, in place of an older one that nobody took; forgets it where the box is closed."""
        with self._changed:
            self._leave(item)

    def hand(self, item: T) -> None:
        """Leaves a thing once the older one was taken; forgets it where the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is None or self._closed)
            self._leave(item)

    def get(self) -> T | None:
        """Takes what is there, or waits for it; None once the box is closed and empty.

        Raises:
            BaseException: The box is empty and was closed with this error.
        """
        with self._changed:
            self._changed.wait_for(self._ready)
            return self._take()

    async def aget(self) -> T | None:
        """As `get`, without blocking the event loop or a thread of its own."""
        wake = asyncio.Event()
        waker = partial(asyncio.get_running_loop().call_soon_threadsafe, wake.set)
        with self._changed:
            self._wakers.append(waker)
        try:
            while True:
                with self._changed:
                    if self._ready():
                        return self._take()
                    wake.clear()
                await wake.wait()
        finally:
            with self._changed:
                self._wakers.remove(waker)

    def close(self, error: BaseException | None = None) -> None:
        """Lets nothing more in; what is there can be taken. The first call counts."""
        with self._changed:
            if not self._closed:
                self._closed, self._error = True, error
                self._notify()

    def _leave(self, item: T) -> None:
        if not self._closed:
            self._item = item
            self._notify()

    def _ready(self) -> bool:
        return self._item is not None or self._closed

    def _take(self) -> T | None:
        item, self._item = self._item, None
        if item is None and self._error:
            raise self._error
        self._changed.notify_all()
        return item

    def _notify(self) -> None:
        self._changed.notify_all()
        for wake in self._wakers:
            with suppress(RuntimeError):  # its event loop was closed
                wake()
