"""A stage for the watcher: numbered frames, a detector that is told where faces are, a model that gives one logit."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest
from edgedf.faces.crop import Box, CropRule
from edgedf.faces.decoding import Faces, iou
from edgedf.runtime.backends import Outputs
from edgedf.runtime.engine import Engine
from edgedf.runtime.live.frame import Frame

Pixels = NDArray[np.uint8]
Where = Callable[[int], Sequence[Box]]

HEIGHT, WIDTH, RATE = 180, 320, 30
FRONT = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
SIDE = 80.0
TEXTURES = np.random.default_rng(0).integers(40, 216, (50, 10, 10, 3)).astype(np.uint8)


def backdrop(seed: int = 0) -> Pixels:
    """A scene `(180, 320, 3)` of some contrast."""
    tiles = np.random.default_rng(seed).integers(40, 216, (9, 16, 1)).astype(np.uint8)
    return np.repeat(tiles.repeat(20, 0).repeat(20, 1), 3, axis=2)


SCENES = [backdrop(seed) for seed in range(2)]


def at(x: float, y: float = 90, side: float = SIDE) -> Box:
    """A face's box by its centre."""
    return x - side / 2, y - side / 2, side, side


def picture(number: int, people: Sequence[Box] = (), scene: int = 0) -> Pixels:
    """A frame whose corner tells its number; each person has a texture, later ones stand in front."""
    pixels = SCENES[scene].copy()
    for texture, (x, y, width, height) in zip(TEXTURES, people, strict=False):
        rows, columns = (np.arange(10 * int(side)) // int(side) for side in (height / 10, width / 10))
        left, top = round(x), round(y)
        face = texture[rows[: pixels.shape[0] - max(top, 0)]][:, columns]
        place = pixels[max(top, 0) : top + len(face), max(left, 0) : max(left + face.shape[1], 0)]
        place[:] = face[: len(place), max(-left, 0) : max(-left, 0) + place.shape[1]]
    pixels[0, 0] = number >> 16, number >> 8 & 255, number & 255
    return pixels


def number_of(pixels: Pixels) -> int:
    """The number in a frame's corner."""
    high, middle, low = (int(value) for value in pixels[0, 0])
    return high << 16 | middle << 8 | low


class StubDetector:
    """Finds what `where` says of a frame's number; of two that overlap, as a network's suppression does, the later."""

    name = "yunet"

    def __init__(self, where: Where, seconds: float = 0, points: NDArray[np.float32] = FRONT) -> None:
        self.where, self.seconds, self.points = where, seconds, points
        self.calls = 0
        self.failing = False

    def detect(self, images: Sequence[Pixels]) -> list[Faces]:
        self.calls += 1
        time.sleep(self.seconds)
        if self.failing:
            raise RuntimeError("no memory")
        boxes: list[Box] = []
        for box in self.where(number_of(images[0])):
            boxes = [one for one in boxes if iou(np.array(one, np.float32), np.array(box, np.float32)) <= 0.3]
            boxes.append(box)
        found = np.array(boxes, np.float32).reshape(-1, 4)
        points = found[:, None, :2] + self.points * found[:, None, 2:]
        return [Faces(found, np.ones(len(found), np.float32), points)]


class StubBackend:
    """Gives every crop the same logit."""

    notes = ()

    def __init__(self, logit: float = 2.0, seconds: float = 0) -> None:
        self.logit, self.seconds = logit, seconds
        self.failing = False
        self.batches: list[int] = []

    def run(self, crops: Pixels) -> Outputs:
        self.batches = [*self.batches[-99:], len(crops)]
        time.sleep(self.seconds)
        if self.failing:
            raise RuntimeError("the device is lost")
        size = len(crops)
        logit = np.full((size, 1), self.logit, np.float32)
        return Outputs(logit, np.full((size, 4, 4), 0.5, np.float32), np.zeros((size, 3), np.float32))


def engine(backend: Any, **manifest: Any) -> Engine:
    """An engine around a backend, of threshold .5 and temperature 1."""
    artefact = Artefact("model.onnx", "0" * 64, "onnxruntime", "fp32", 0.5, "f1", 1.0, 0.01)
    contract = InputContract(CropRule().to_dict())
    return Engine(Manifest("stub", {}, contract, [artefact], {GOLDEN: "0" * 64}, **manifest), artefact, backend, [])


class Film:
    """A source of pictures; a live one keeps their pace, `RATE` a second unless told."""

    def __init__(self, pictures: Iterator[Pixels], live: bool = False, rate: float = RATE) -> None:
        self.pictures, self.live, self.rate = pictures, live, rate
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        for number, pixels in enumerate(self.pictures):
            if self.closed.wait(1 / self.rate if self.live else 0):
                return
            yield Frame(pixels, number / self.rate, number)

    def close(self) -> None:
        self.closed.set()


def film(where: Where, frames: int, live: bool = False, rate: float = RATE) -> Film:
    """People move as `where` says."""
    return Film((picture(number, where(number)) for number in range(frames)), live, rate)
