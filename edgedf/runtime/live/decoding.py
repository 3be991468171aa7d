"""Frames out of what PyAV opened, and why there are no more."""

import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from edgedf.extras import need
from edgedf.faces.container import NoPicturesError

MOST_BROKEN = 50  # packets in a row, after which a source is given up
POLL = 0.005  # seconds between two looks at a device that does not block


def decoded(container: Any, stopped: Callable[[], bool]) -> Iterator[Any]:
    """Frames of PyAV as they are shown, and None for each that is broken, up to the end or until it is stopped.

    Raises:
        av.FFmpegError: The source broke off.
    """
    av, video, broken = need("av", "camera"), container.streams.best("video"), 0
    while not stopped():
        try:
            for packet in container.demux():  # of sound too, or what has only that left cannot be stopped
                if stopped():
                    return
                broken = 0
                if packet.stream.index == video.index:
                    yield from _frames(av, video.codec_context, packet)
            return
        except av.BlockingIOError:  # nothing yet
            time.sleep(POLL)
        except av.InvalidDataError:
            broken += 1
            if broken == MOST_BROKEN:
                raise
            yield None


def reason_of(error: Exception) -> str:
    """Why a source broke off, in words that hold no address: FFmpeg's own text has it with the password."""
    if isinstance(error, NoPicturesError):
        return str(error)
    if isinstance(error, need("av", "camera").ExitError):
        return "no answer in time"
    return getattr(error, "strerror", None) or type(error).__name__


def _frames(av: ModuleType, decoder: Any, packet: Any) -> Iterator[Any]:
    try:
        for frame in decoder.decode(packet):
            yield None if frame.is_corrupt else frame
    except av.FFmpegError:
        yield None
