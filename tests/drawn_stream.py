"""A stream that needs no camera, no model and no one's face: three drawn people in a video call."""

import itertools
import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from edgedf.data.drawn import draw_face
from edgedf.runtime.live.event import Decision, Event, FaceTrack
from edgedf.runtime.live.frame import Frame

WIDTH, HEIGHT, SIDE = 1280, 640, 360
FPS = 25
SCORES = (0.08, 0.94, 0.55)  # that the people come to
VERDICTS: tuple[Decision, ...] = ("real", "fake", "abstain")
DECIDED = 10  # frame in which the verdicts are known


def events(count: int | None = None) -> Iterator[Event]:
    """Events as a watcher gives them: all abstain, until from frame `DECIDED` on each has its verdict."""
    people = _people()
    for number in itertools.islice(itertools.count(), count):
        picture = Image.new("RGB", (WIDTH, HEIGHT), (32, 36, 44))
        corners = [_corner(i, number) for i in range(len(people))]
        for person, corner in zip(people, corners, strict=True):
            picture.paste(person, corner)
        tracks = tuple(_track(i, number, corner) for i, corner in enumerate(corners))
        frame = Frame(np.asarray(picture), number / FPS, 2 * number)
        yield Event(frame, tracks, 20 + 5 * math.sin(number / 3), number)


def event(number: int = 0) -> Event:
    """One of them."""
    return next(itertools.islice(events(), number, None))


@cache
def _people() -> list[Image.Image]:
    faces = [Image.fromarray(draw_face(np.random.default_rng(seed), fake=False)) for seed in (3, 11, 8)]
    return [face.resize((SIDE, SIDE), Image.Resampling.BICUBIC) for face in faces]


def _corner(person: int, number: int) -> tuple[int, int]:
    sway = 8 * math.sin(number / 12 + 2 * person)
    return round(50 + person * 410 + sway), round(140 + sway / 2)


def _track(person: int, number: int, corner: tuple[int, int]) -> FaceTrack:
    known = number >= DECIDED
    doubt = 0.5 + (SCORES[person] - 0.5) * (1 - math.exp(-number / 8))
    score = min(max(doubt + 0.04 * math.sin(number / 4 + person), 0), 1)
    down, across = np.mgrid[-1:1:16j, -1:1:16j]
    map_ = np.exp(-4 * ((across - 0.3) ** 2 + (down + 0.2) ** 2)).astype(np.float32)
    verdict = VERDICTS[person] if known else "abstain"
    reason = "" if verdict != "abstain" else "too blurred" if known else "too few frames"
    x, y = corner
    box = (x + 0.2 * SIDE, y + 0.14 * SIDE, 0.6 * SIDE, 0.76 * SIDE)
    return FaceTrack(person, box, score, verdict, DECIDED / FPS if known else 0.0, reason, map_)
