"""Frames out of FFmpeg by PyAV, from anything it can open."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from edgedf.extras import need
from edgedf.faces.upright import LIMITS

THREADS = 1  # of the decoder: more delay a frame by as many frames, and the cores are for the detector
MOST_BROKEN = 50  # packets in a row, after which a source is given up
POLL = 0.005  # seconds between two looks at a device that does not block


class NoPicturesError(Exception):
    """What was opened holds no video."""


@contextmanager
def opened(
    url: str, format: str | None, options: Mapping[str, str], timeout: tuple[float, float] | None = None
) -> Iterator[Any]:
    """What FFmpeg opens, with its decoder set up.

    Args:
        url: Path or address.
        format: FFmpeg's name of the input; None to find out.
        options: FFmpeg's.
        timeout: Seconds that opening and that one reading may take.

    Raises:
        NoPicturesError: There is no video in it.
        av.FFmpegError: It cannot be opened. The text of the error holds the whole address: show `reason_of` it.
    """
    av = need("av", "camera")
    settings = LIMITS | dict(options)
    with av.open(url, format=format, options=settings, timeout=timeout, metadata_errors="replace") as container:
        if not container.streams.video or container.format.name == "tty":  # FFmpeg draws a text file as a film
            raise NoPicturesError("there are no pictures in it")
        decoder = container.streams.best("video").codec_context
        if decoder is None:
            raise NoPicturesError("its pictures are of a kind that is not known")
        decoder.thread_count = THREADS
        decoder.options = LIMITS
        if decoder.name == "mjpeg":
            decoder.options = LIMITS | {"err_detect": "explode"}  # or half a JPEG is a frame, its lower half grey
        yield container


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
