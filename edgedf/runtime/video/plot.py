"""The scores of a video's faces over time, as a picture: one panel a face."""

import math
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from edgedf.errors import printable
from edgedf.files import disk_trouble, replacing
from edgedf.runtime.annotate import COLOURS
from edgedf.runtime.video.timeline import Timeline
from edgedf.runtime.video.verdict import VideoVerdict

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 1200, 130, 60, 30, 50, 50  # pixels
MOST = 30  # faces that are drawn, those seen longest of those that were judged
TICKS = 10  # along the time, about
INK, FAINT = "#222222", "#9a9a9a"
TINT = 0.75  # share of white in what lies behind a verdict


def write_plot(path: Path, verdict: VideoVerdict) -> None:
    """Writes a PNG whole or not at all.

    Raises:
        InputError: The disk cannot take it.
    """
    with disk_trouble(path.parent), replacing(path) as beside:
        draw_plot(verdict).save(beside, "PNG")


def draw_plot(verdict: VideoVerdict) -> Image.Image:
    """Each face's score over time, its verdicts as colours behind it, and the threshold as a dashed line."""
    longest = sorted(verdict.judged or verdict.faces, key=lambda one: -one.seconds)[:MOST]
    faces = sorted(longest, key=lambda one: one.face)
    image = Image.new("RGB", (WIDTH, TOP + len(faces) * (PANEL + GAP)), "white")
    draw = ImageDraw.Draw(image)
    left_out = len(verdict.faces) - len(faces)
    more = f"; {left_out} faces never judged or seen more briefly are not shown" if left_out else ""
    title = printable(f"{verdict.path.name}: {verdict.verdict} {verdict.score:.2f}{more}")
    draw.text((LEFT, 10), title, INK, ImageFont.load_default(20))
    for i, face in enumerate(faces):
        _Panel(draw, TOP + i * (PANEL + GAP), verdict).draw(face)
    return image


class _Panel:
    """Where a face's scores are drawn; `top` is that of its heading."""

    def __init__(self, draw: ImageDraw.ImageDraw, top: int, verdict: VideoVerdict) -> None:
        self._draw, self._top, self._bottom = draw, top + 20, top + PANEL
        self._seconds, self._threshold = max(verdict.seconds, 1e-3), verdict.threshold
        self._small = ImageFont.load_default(12)

    def draw(self, face: Timeline) -> None:
        """Draws all of a face."""
        told = f"{face.score:.2f}" if face.verdict != "abstain" else face.reason
        heading = f"face {face.face}: {face.verdict} {told}"
        self._draw.text((LEFT, self._top - 18), printable(heading), COLOURS[face.verdict], ImageFont.load_default(14))
        for span in face.spans:
            place = (self._x(span.start), self._top, max(self._x(span.end), self._x(span.start) + 1), self._bottom)
            self._draw.rectangle(place, fill=_tinted(COLOURS[span.verdict]))
        self._frame()
        steps = [*face.times[1:], face.end]
        corners = [
            (self._x(time), self._y(score))
            for start, end, score in zip(face.times, steps, face.scores, strict=True)
            for time in (start, end)
        ]
        self._draw.line(corners, fill=INK, width=2)

    def _frame(self) -> None:
        for score, words in ((0.0, "0"), (1.0, "1"), (self._threshold, f"{self._threshold:.2f}")):
            self._draw.text((LEFT - 6, self._y(score)), words, INK, self._small, "rm")
        for x in range(LEFT, WIDTH - RIGHT, 12):
            self._draw.line((x, self._y(self._threshold), x + 6, self._y(self._threshold)), fill=INK)
        self._draw.rectangle((LEFT, self._top, WIDTH - RIGHT, self._bottom), outline=FAINT)
        for time in _ticks(self._seconds):
            self._draw.line((self._x(time), self._bottom, self._x(time), self._bottom + 4), fill=FAINT)
            self._draw.text((self._x(time), self._bottom + 6), f"{time:g} s", INK, self._small, "mt")

    def _x(self, time: float) -> float:
        return LEFT + (WIDTH - RIGHT - LEFT) * time / self._seconds

    def _y(self, score: float) -> float:
        return self._bottom - (self._bottom - self._top) * score


def _ticks(seconds: float) -> Iterator[float]:
    """Round times from 0 on."""
    power = 10.0 ** math.floor(math.log10(seconds / TICKS))
    step = next(one * power for one in (1, 2, 5, 10) if one * power * TICKS >= seconds)
    return (round(i * step, 6) for i in range(int(seconds / step) + 1))


def _tinted(colour: str) -> tuple[int, ...]:
    return tuple(round(255 * TINT + value * (1 - TINT)) for value in ImageColor.getrgb(colour))
