"""How fast `edgedf data prepare` cuts faces, against a plain loop, and how many it misses.

In turns, a block of videos each, so that a noisy machine hits both alike:

    prepare   what the command does: one process a core, a small frame for the detector
    plain     OpenCV reads every frame, RetinaFace looks at each sampled one in full size, on all cores

Run by `python benchmarks/prepare_speed.py --data DIR`; with `--photos` on frames of the videos, written as JPEG files.
Both keep the same faces: those whose crop has 48 pixels and more.
Beside the time by the clock stands the processors', which other work on the machine disturbs less.
"""

import itertools
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from edgedf.console import say
from edgedf.data.prepare.cutting import write_crop
from edgedf.data.prepare.outcome import PHOTO, Face
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source, find_sources
from edgedf.data.prepare.workers import cut_all, make_cutter
from edgedf.faces.crop import SIZE, Box, read_image
from edgedf.faces.detectors import Detector, crop_rule, load_detector
from edgedf.guard import run_alone
from edgedf.machine import cores, cpu_name

FULL = 1 << 16  # pixels: no frame is shrunk
MANY = 50_000
OVERLAP = 0.5
PHOTO_EVERY = 10  # frames of a video between two that become photos

Boxes = dict[tuple[str, int], list[Box]]
"""Boxes of each frame, by the place of its source and its number."""


class Pace(NamedTuple):
    """Faces cut, and the seconds it took."""

    faces: int = 0
    seconds: float = 0
    cpu_seconds: float = 0

    def __add__(self, other: tuple[Any, ...]) -> "Pace":
        return Pace(*map(sum, zip(self, other, strict=True)))

    def to_dict(self) -> dict[str, float]:
        """Faces, and how many a second and a processor's second."""
        return {
            "faces": self.faces,
            "faces_per_second": round(self.faces / self.seconds, 1),
            "faces_per_cpu_second": round(self.faces / self.cpu_seconds, 1),
        }


class Watch:
    """Measures from its making."""

    def __init__(self) -> None:
        self._started, self._times = time.perf_counter(), os.times()

    def pace(self, faces: int) -> Pace:
        """What it took, ended processes of ours included."""
        seconds = time.perf_counter() - self._started
        return Pace(faces, seconds, sum(os.times()[:4]) - sum(self._times[:4]))


def main(data: Path, *, every: int = 5, photos: bool = False, blocks: int = 2, plain: int = 4) -> dict[str, Any]:
    """Measures both.

    Args:
        data: Dataset of videos.
        every: Faces are cut from every so many-th frame.
        photos: Cut them from frames of the videos, as photos.
        blocks: Blocks that the videos or photos are dealt into.
        plain: Videos of each block that the plain loop is given too, or of photos as large a share.
    """
    detector = load_detector("retinaface", threads=cores(), side=FULL)
    sources = find_sources([data], None, None, say)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        if photos:
            videos, sources = len(sources), find_sources([_photos(sources, out / "photos")], "real", None, say)
            plain = plain * len(sources) // videos
        result = _compared(sources, Settings(every=every), detector, out, blocks, plain)
    say(json.dumps({"cpu": cpu_name(), "cores": cores()} | result, indent=2))
    return result


def _compared(
    sources: Sequence[Source], settings: Settings, detector: Detector, out: Path, blocks: int, plain: int
) -> dict[str, Any]:
    ours, theirs, stages = Pace(), Pace(), defaultdict[str, float](float)
    reference: Boxes = {}
    looked_at: list[Source] = []
    for block in (sources[i::blocks] for i in range(blocks)):
        watch = Watch()
        outcomes = list(cut_all([(source, None) for source in block], settings, out / "prepared", cores()))
        ours += watch.pace(sum(len(one.faces) for one in outcomes))
        for outcome in outcomes:
            for stage, seconds in outcome.seconds.items():
                stages[stage] += seconds
        for source in block[:plain]:
            looked_at.append(source)
            theirs += _plain(source, settings, detector, out, reference)
        say(f"prepare {ours.to_dict()}, plain {theirs.to_dict()}")
    mine, plain_loop = ours.to_dict(), theirs.to_dict()
    return {
        "prepare": mine,
        "plain": plain_loop,
        "times_as_fast": round(mine["faces_per_second"] / plain_loop["faces_per_second"], 1),
        "times_as_fast_by_cpu": round(mine["faces_per_cpu_second"] / plain_loop["faces_per_cpu_second"], 1),
        f"minutes_for_{MANY}": round(MANY / mine["faces_per_second"] / 60, 1),
        f"minutes_for_{MANY}_by_cpu": round(MANY / mine["faces_per_cpu_second"] / cores() / 60, 1),
        "stages": {stage: round(seconds / sum(stages.values()), 3) for stage, seconds in stages.items()},
        **_recall(looked_at, settings, reference, out),
    }


def _plain(source: Source, settings: Settings, detector: Detector, out: Path, found: Boxes) -> Pace:
    """What one writes first: every frame read, each sampled one looked at as it is. It keeps the sizes we keep."""
    watch = Watch()
    rule, faces = crop_rule(detector.name), 0
    for number, image in _frames(source, settings.every):
        [seen] = detector.detect([image])
        found[source.place, number] = [(x, y, w, h) for x, y, w, h in seen.boxes.tolist()]
        for i, box in enumerate(found[source.place, number]):
            if rule.margin * max(box[2:]) >= settings.smallest:
                write_crop(rule.cut(image, box), out / "plain" / f"{number}_{i}.jpg", settings.quality)
                faces += 1
    return watch.pace(faces)


def _frames(source: Source, every: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    if not source.is_video:
        yield PHOTO, read_image(source.path)
        return
    film = cv2.VideoCapture(str(source.path))
    for number in itertools.count():
        readable, frame = film.read()
        if not readable:
            return
        if number % every == 0:
            yield number, np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _recall(sources: Sequence[Source], settings: Settings, reference: Boxes, out: Path) -> dict[str, Any]:
    """Share of the reference's faces that overlap with one of ours, before the smallest are left out, and after."""
    cutter = make_cutter(replace(settings, smallest=0, sharpness=0), out / "recall")
    ours: Boxes = defaultdict(list)
    for source in sources:
        for face in cutter.cut(source).faces:
            ours[source.place, face.frame].append(_in_frame(face))
    rule = crop_rule("retinaface")
    pairs = [
        (box, any(_iou(box, one) >= OVERLAP for one in ours[key])) for key, there in reference.items() for box in there
    ]
    large = [hit for box, hit in pairs if rule.margin * max(box[2:]) >= settings.smallest]
    return {
        "reference_faces": len(pairs),
        "recall": round(float(np.mean([hit for _, hit in pairs])), 4),
        f"reference_faces_from_{settings.smallest}_px": len(large),
        f"recall_from_{settings.smallest}_px": round(float(np.mean(large)), 4),
    }


def _in_frame(face: Face) -> Box:
    (left, top, side), (x, y, width, height) = face.square, face.box
    scale = side / SIZE
    return left + x * scale, top + y * scale, width * scale, height * scale


def _iou(one: Box, other: Box) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    return common / (one[2] * one[3] + other[2] * other[3] - common)


def _photos(videos: Sequence[Source], folder: Path) -> Path:
    """Frames of the videos as JPEG files, in full size."""
    folder.mkdir()
    for source in videos:
        film, number = cv2.VideoCapture(str(source.path)), 0
        while film.grab():
            if number % PHOTO_EVERY == 0:
                cv2.imwrite(str(folder / f"{source.place.replace('/', '-')}-{number}.jpg"), film.retrieve()[1])
            number += 1
    return folder


def measured(
    data: Annotated[Path, typer.Option(help="Dataset of videos.")],
    every: Annotated[int, typer.Option(min=1, help="Cut the faces of every so many-th frame.")] = 5,
    photos: Annotated[bool, typer.Option("--photos", help="Cut them from frames of the videos, as photos.")] = False,
) -> dict[str, Any]:
    """Times the preparation of a dataset of videos."""
    return main(data, every=every, photos=photos)


if __name__ == "__main__":
    run_alone(measured)
