"""Pictures that do not come live: of a video, a folder, or whatever gives arrays. Each of them is read."""

from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.faces.container import NoPicturesError, opened_file
from edgedf.faces.crop import read_image
from edgedf.faces.upright import upright
from edgedf.runtime.listing import find_pictures
from edgedf.runtime.live.decoding import decoded, reason_of
from edgedf.runtime.live.frame import check_frame

Array = NDArray[np.uint8]


class Picture(NamedTuple):
    """What a source gives.

    Attributes:
        pixels: `(H, W, 3)` uint8 RGB, upright.
        stamp: Its own time in seconds; None where it has none.
        number: Its own number; None where it has none.
    """

    pixels: Array
    stamp: float | None = None
    number: int | None = None


def read_video(path: Path, stopped: Callable[[], bool]) -> Generator[Picture | None]:
    """The frames of a video up to where it ends or breaks off, and None for each that is broken.

    Raises:
        InputError: No frame can be read.
    """
    av, some = need("av", "camera"), False
    try:
        with opened_file(path) as container:
            converter = av.video.reformatter.VideoReformatter()
            for frame in decoded(container, stopped):
                some = some or frame is not None
                yield None if frame is None else Picture(upright(frame, converter), frame.time)
            if some or stopped():
                return
            reason = "there are no pictures in it"
    except (av.FFmpegError, NoPicturesError) as error:
        if some:
            return
        reason = reason_of(error)
    raise InputError(f"{path} is not a video that can be read ({reason}): give a video, or a folder of pictures")


def read_folder(folder: Path) -> Generator[Picture | None]:
    """The pictures of a folder in the order of their names, and None for each that cannot be read.

    Raises:
        InputError: There is none.
    """
    for path in find_pictures([folder]):
        try:
            yield Picture(read_image(path))
        except InputError:
            yield None


def read_arrays(frames: Iterable[Any]) -> Generator[Picture]:
    """What an app hands over: arrays, pairs of an array and its time in seconds, or frames.

    Raises:
        InputError: Something else.
    """
    for item in frames:
        picture = Picture(*item) if isinstance(item, tuple) else Picture(item)
        check_frame(picture.pixels, picture.stamp)
        yield picture
