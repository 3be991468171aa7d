"""Face detectors, one interface for the preparation of data and the camera; `README.md` beside this compares them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.errors import InputError
from edgedf.faces.crop import CropRule
from edgedf.faces.decoding import COARSEST, STRIDES, Faces, Floats, decode_retinaface, decode_yunet, suppress
from edgedf.faces.network import Network

DEFAULT = "yunet"
SIDE = 320
SCORE = 0.6
OVERLAP = 0.3  # of two boxes, above which they are one face


class Detector(Protocol):
    """Finds faces.

    Attributes:
        name: What `load_detector` knows it by.
    """

    name: str

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Faces]:
        """Finds the faces of some pictures.

        Args:
            images: RGB `(H, W, 3)`, of any sizes.

        Returns:
            For each picture its faces, in its own pixels; none is an empty `Faces`.
        """
        ...


@dataclass(frozen=True)
class _Kind:
    """What sets one detector apart from another."""

    file: str
    outputs: tuple[str, ...]
    decode: Callable[[dict[str, Floats], int, int, float], Faces]
    mean: tuple[float, float, float]  # of B, G and R, subtracted
    rule: CropRule


KINDS = {
    "yunet": _Kind(
        file="yunet.onnx",
        outputs=tuple(f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in STRIDES),
        decode=decode_yunet,
        mean=(0, 0, 0),
        rule=CropRule(detector="yunet"),
    ),
    "retinaface": _Kind(
        file="retinaface_mobilenet_025.onnx",
        outputs=("loc", "conf", "landmarks"),
        decode=decode_retinaface,
        mean=(104, 117, 123),
        rule=CropRule(detector="retinaface", margin=0.93, shift=0.05),
    ),
}


def load_detector(name: str = DEFAULT, threads: int = 1, side: int = SIDE, smallest_score: float = SCORE) -> Detector:
    """Loads a detector that comes with this package.

    Args:
        name: `yunet` or `retinaface`.
        threads: Of one call.
        side: Pictures whose longer side is above this are shrunk to it first.
        smallest_score: Faces below it are left out, in [0, 1].

    Raises:
        InputError: There is no such detector.
    """
    return _OnnxDetector(name, _kind(name), threads, side, smallest_score)


def crop_rule(name: str) -> CropRule:
    """The rule for a detector's boxes; whichever detector is used, the same square comes out.

    Raises:
        InputError: There is no such detector.
    """
    return _kind(name).rule


def _kind(name: str) -> _Kind:
    if name not in KINDS:
        raise InputError(f"unknown face detector {name!r}: use {' or '.join(KINDS)}")
    return KINDS[name]


class _OnnxDetector:
    def __init__(self, name: str, kind: _Kind, threads: int, side: int, smallest_score: float) -> None:
        self.name = name
        self._kind, self._side, self._smallest_score = kind, side, smallest_score
        self._network = Network(kind.file, threads)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Faces]:
        """See `Detector.detect`. One picture at a time: on a CPU a batch is no faster."""
        return [self._one(image) for image in images]

    def _one(self, image: NDArray[np.uint8]) -> Faces:
        small = shrunk(image, self._side)
        picture = self._padded(small)
        values = self._network.run(picture[None], self._kind.outputs)
        outputs = {name: value[0] for name, value in zip(self._kind.outputs, values, strict=True)}
        candidates = self._kind.decode(outputs, picture.shape[1], picture.shape[2], self._smallest_score)
        return suppress(candidates, OVERLAP).scaled(image.shape[1] / small.shape[1], image.shape[0] / small.shape[0])

    def _padded(self, image: NDArray[np.uint8]) -> Floats:
        """The network's input `(3, H, W)`: BGR, black below and to the right up to whole cells."""
        height, width = (-(-side // COARSEST) * COARSEST for side in image.shape[:2])
        picture = np.zeros((3, height, width), dtype=np.float32)
        bgr = image[..., ::-1].transpose(2, 0, 1)
        picture[:, : image.shape[0], : image.shape[1]] = bgr
        return picture - np.array(self._kind.mean, dtype=np.float32)[:, None, None]


def shrunk(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The picture `(H, W, 3)`, made so small that neither of its sides is above `side`; small ones stay as they are."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if longer <= side:
        return image
    size = (max(round(width * side / longer), 1), max(round(height * side / longer), 1))
    # The gap makes it shrink by a whole factor first, several times as fast and hardly different.
    small = Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small, dtype=np.uint8)
