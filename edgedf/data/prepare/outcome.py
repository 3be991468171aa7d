"""What became of a photo or video, as the journal keeps it."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeVar

from edgedf.faces.crop import Box, Square

T = TypeVar("T")

PHOTO = -1
"""The frame of a face that is in a photo."""


class Face(NamedTuple):
    """Where a crop comes from.

    Attributes:
        frame: Of the video, from 0, or `PHOTO`.
        number: Of the face in its video or photo, from 0.
        square: What was cut, in pixels of the frame.
        box: The detector's, in pixels of the crop.
    """

    frame: int
    number: int
    square: Square
    box: Box


class Clock:
    """Seconds spent in each stage of the work.

    Attributes:
        seconds: By the stage's name.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Counts what is done inside."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Passes items on and counts what making them takes."""
        iterator = iter(items)
        while True:
            with self(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item


@dataclass
class Outcome:
    """What became of a source.

    Attributes:
        place: Of the source.
        state: Of its file, by which a mended one is told.
        faces: What was cut, in order.
        problem: Why there is nothing, or not all; empty where all went well.
        left_out: How many faces were too `small` or too `blurred`.
        seconds: Spent in each stage.
    """

    place: str
    state: str
    faces: list[Face] = field(default_factory=list)
    problem: str = ""
    left_out: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Outcome":
        """What `to_dict` gave, after JSON has made lists of its tuples."""
        faces = [Face(frame, number, (x, y, side), tuple(box)) for frame, number, (x, y, side), box in values["faces"]]
        return cls(**values | {"faces": faces})
