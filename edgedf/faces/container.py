"""Videos and streams as FFmpeg opens them through PyAV: one rule for what is prepared and what is watched."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from edgedf.extras import need

LIMITS = {"max_pixels": str(1 << 26)}  # of a frame: 8,192 a side take .5 GB as RGB, and a few bytes may claim more
FILES_ONLY = {"protocol_whitelist": "file"}  # a file that names others may not reach the network
ENDS_EARLY = 0.95  # of what a header promises, an estimate in some containers: one that gives less broke off
THREADS = 1  # of the decoder: more delay a frame by as many frames, and the cores are for others


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
        av.FFmpegError: It cannot be opened. The text of the error holds the whole address.
    """
    av = need("av", "camera")
    settings = LIMITS | dict(options)
    with av.open(url, format=format, options=settings, timeout=timeout, metadata_errors="replace") as container:
        if not container.streams.video or container.format.name == "tty":  # FFmpeg draws a text file as a film
            raise NoPicturesError("there are no pictures in it")
        decoder = container.streams.best("video").codec_context
        if decoder is None:
            raise NoPicturesError("its pictures are of no known kind")
        decoder.thread_count = THREADS
        decoder.options = LIMITS
        if decoder.name == "mjpeg":
            decoder.options = LIMITS | {"err_detect": "explode"}  # or half a JPEG is a frame, its lower half grey
        yield container


def opened_file(path: Path) -> AbstractContextManager[Any]:
    """A video on disk, as `opened`: by its absolute path, or `a:b.mp4` is a protocol."""
    return opened(str(path.absolute()), None, FILES_ONLY)
