"""One frame or photo, turned into RGB only where somebody looks: a whole frame takes longer than its face is worth."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.extras import need
from edgedf.faces.crop import CropRule, Square
from edgedf.faces.decoding import Floats
from edgedf.faces.detectors import SIDE, Detector
from edgedf.faces.upright import quarter_turns, upright

Image = NDArray[np.uint8]

PLANAR = {"yuv420p": 2, "yuvj420p": 2, "yuv444p": 1}
"""Formats of nearly all videos, with the pixels beside each other that share a colour; others become RGB as a whole."""


class Frame:
    """A photo, or a frame of a video that is kept as RGB.

    Attributes:
        number: In its video, from 0, or `PHOTO`.
        width: In pixels.
        height: In pixels.
    """

    def __init__(self, number: int, image: Image) -> None:
        self.number, self._image = number, image
        self.height, self.width = image.shape[:2]

    def faces(self, detector: Detector) -> Floats:
        """The boxes that a detector finds, `(N, 4)`."""
        small = self._small()
        [found] = detector.detect([small])
        return found.scaled(self.width / small.shape[1], self.height / small.shape[0]).boxes

    def cut(self, rule: CropRule, square: Square) -> Image:
        """Cuts a square by a crop rule; gives what `rule.cut_square` gives of the whole frame."""
        x, y, side = square
        left, top, right, bottom = rule.around(square, self.width, self.height)
        return rule.cut_square(self._part(left, top, right, bottom), (x - left, y - top, side))

    def _small(self) -> Image:
        cv2 = need("cv2", "data")
        small = cv2.resize(self._image, self._small_size(), interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.uint8)

    def _small_size(self) -> tuple[int, int]:
        """Width and height at which the detector looks."""
        scale = min(SIDE / max(self.width, self.height), 1)
        return max(round(self.width * scale), 1), max(round(self.height * scale), 1)

    def _part(self, left: int, top: int, right: int, bottom: int) -> Image:
        return self._image[top:bottom, left:right]


class PlanarFrame(Frame):
    """A frame that a decoder left in one plane of brightness and two, often smaller ones, of colour."""

    def __init__(self, number: int, frame: Any) -> None:
        self.number, self._frame = number, frame
        self.width, self.height = frame.width, frame.height

    def _small(self) -> Image:
        small = _converted(self._frame, *self._small_size(), "rgb24", interpolation="AREA")
        return np.asarray(small.to_ndarray(), dtype=np.uint8)

    def _part(self, left: int, top: int, right: int, bottom: int) -> Image:
        name, shared = self._frame.format.name, PLANAR[self._frame.format.name]
        brightness, *colours = map(_plane, self._frame.planes)
        smaller = np.s_[top // shared : bottom // shared, left // shared : right // shared]
        planes = [brightness[top:bottom, left:right].ravel(), *(colour[smaller].ravel() for colour in colours)]
        shape = (-1, right - left) if shared == 2 else (3, bottom - top, right - left)
        part = need("av", "data").VideoFrame.from_ndarray(np.concatenate(planes).reshape(shape), name)
        part.colorspace, part.color_range = self._frame.colorspace, self._frame.color_range
        # Not into RGB at once, which takes four times as long where the colours have all pixels, with the same values.
        green, blue, red = map(_plane, _converted(part, right - left, bottom - top, "gbrp").planes)
        return np.asarray(need("cv2", "data").merge([red, green, blue]), dtype=np.uint8)


def frame_of(number: int, frame: Any) -> Frame:
    """What a decoder gave as a frame, turned as its video says and with 8 bits, whatever it holds."""
    if frame.format.name in PLANAR and not (quarter_turns(frame) or frame.width % 2 or frame.height % 2):
        return PlanarFrame(number, frame)
    return Frame(number, upright(frame))


def _plane(plane: Any) -> Image:
    """A plane without what pads its lines."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _converted(frame: Any, width: int, height: int, format: str, **options: Any) -> Any:
    return _converter(frame.width, frame.height, width, height).reformat(frame, width, height, format, **options)


@lru_cache(maxsize=64)
def _converter(*sizes: int) -> Any:
    """One that has its tables for these sizes: to make them takes longer than to convert a face."""
    return need("av", "data").video.reformatter.VideoReformatter()
