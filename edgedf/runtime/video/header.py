"""What a video says of itself before it is read."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from edgedf.extras import need
from edgedf.faces.container import NoPicturesError, opened_file


class Header(NamedTuple):
    """What a video says of itself.

    Attributes:
        rate: Frames a second.
        seconds: That it lasts; None where it does not say so.
        frames: That it has, or about as many; None where it does not say so.
    """

    rate: Fraction
    seconds: float | None
    frames: int | None


def read_header(path: Path) -> Header:
    """Reads it; what cannot be opened says nothing.

    Raises:
        MissingExtraError: PyAV is not installed.
    """
    av = need("av", "camera")
    try:
        with opened_file(path) as container:
            video = container.streams.best("video")
            rate = video.average_rate or video.guessed_rate or Fraction(25)
            seconds = None if video.duration is None else float(video.duration * video.time_base)
            # Of the whole, sound may last longer than the pictures.
            if seconds is None and container.duration and len(container.streams) == 1:
                seconds = container.duration / av.time_base
            return Header(rate, seconds, video.frames or (None if seconds is None else round(seconds * rate)))
    except (av.FFmpegError, NoPicturesError):
        return Header(Fraction(25), None, None)
