"""Frames of a video, decoded by OpenCV on one thread.

Measured on two cores against PyAV on H.264 clips of 480p and 720p with a key frame every 250 frames, frames a second
of one thread, of which every tenth is turned into RGB: OpenCV 636, PyAV 530; with every 120th, OpenCV 591, PyAV 638,
or 808 where it skips frames that no other needs, and OpenCV 473 when it seeks. So OpenCV, which the camera app uses too
and whose pixels are then the same, and seeking only where the way is longer than the usual group of pictures. A second
decoder thread raises 636 to 777 and takes 1.3 times the processor's time, which one process a core uses better.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import InputError
from edgedf.extras import need

SEEK_FROM = 300  # frames between two that are wanted; encoders set a key frame every 250 or more often
ENDS_EARLY = 0.95  # of the frames that the header promises, which is an estimate in some containers

Image = NDArray[np.uint8]


class Frame(NamedTuple):
    """A frame and its number in the video, from 0."""

    number: int
    image: Image


class Video:
    """A video, open for one reading from its beginning.

    Attributes:
        promised: Frames by its header; 0 where that does not tell.
        read: Frames passed so far.

    Raises:
        InputError: OpenCV cannot open it.
    """

    def __init__(self, path: Path) -> None:
        cv2 = need("cv2", "data")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong with a file stands in our own list
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        cv2.setNumThreads(1)
        self._cv2, self._path = cv2, path
        self._film: Any = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._film.isOpened():
            raise InputError(f"{path} is not a video that can be read")
        self.promised = max(int(self._film.get(cv2.CAP_PROP_FRAME_COUNT)), 0)
        self.read = 0

    def every(self, step: int) -> Iterator[Frame]:
        """Each `step`-th frame, RGB `(H, W, 3)`, turned as the file says, 8 bits whatever it holds."""
        while self._film.grab():
            readable, image = self._film.retrieve()
            if readable:
                yield Frame(self.read, self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB))
            self.read += 1
            if not self._pass(step - 1):
                break
        self._film.release()

    @property
    def ended_early(self) -> bool:
        """Whether far fewer frames could be read than the header promises."""
        return self.read < ENDS_EARLY * self.promised

    def _pass(self, frames: int) -> bool:
        """Passes some frames by; whether there were so many."""
        if frames + 1 >= SEEK_FROM:
            self.read += frames
            return self.read < self.promised and bool(self._film.set(self._cv2.CAP_PROP_POS_FRAMES, self.read))
        for _ in range(frames):
            if not self._film.grab():
                return False
            self.read += 1
        return True
