"""A canvas in face coordinates: right and down from the face's middle, in half face heights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from edgedf.data.person import TURN, Colour, Scene
from edgedf.faces.crop import SIZE

OVERSAMPLING = 2  # shapes are drawn this much larger, then averaged: smooth edges

Points = Sequence[tuple[float, float]] | NDArray[np.float64]


class Canvas:
    """An enlarged picture that takes shapes in face coordinates."""

    def __init__(self, scene: Scene) -> None:
        side = SIZE * OVERSAMPLING
        backdrop = Image.fromarray(scene.backdrop).resize((32, 32), Image.Resampling.BICUBIC)
        self.image = backdrop.resize((side, side), Image.Resampling.BILINEAR)
        self._draw = ImageDraw.Draw(self.image, "RGBA")
        self._scene = scene

    def fill(self, points: Points, colour: Colour, alpha: float = 1) -> None:
        """Fills an outline."""
        self._draw.polygon(self._pixels(points), fill=_rgba(colour, alpha))

    def line(self, points: Points, colour: Colour, width: float, alpha: float = 1) -> None:
        """Draws a line; its width is in half face heights."""
        pixels = max(1, round(width * self._scene.scale * OVERSAMPLING))
        self._draw.line(self._pixels(points), fill=_rgba(colour, alpha), width=pixels, joint="curve")

    def _pixels(self, points: Points) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (place(self._scene, points) * OVERSAMPLING).tolist()]


def place(scene: Scene, points: Points) -> NDArray[np.float64]:
    """Maps face coordinates to pixels of the crop.

    Args:
        scene: Gives the pose.
        points: `(n, 2)`, right and down from between eyes and nose, in half face heights.
    """
    right, down = np.asarray(points, dtype=float).T
    # Points near the middle stand nearer to the viewer and move more when the head turns.
    right = right + TURN * scene.yaw * np.sqrt(np.clip(1 - right**2, 0, None))
    cosine, sine = np.cos(scene.roll), np.sin(scene.roll)
    turned = np.stack([cosine * right - sine * down, sine * right + cosine * down], axis=1)
    return np.asarray(turned * scene.scale + scene.centre)


def ellipse(x: float, y: float, a: float, b: float) -> NDArray[np.float64]:
    """Outline `(32, 2)` of an ellipse around `(x, y)` with half axes `a` and `b`."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return np.stack([x + a * np.cos(turn), y + b * np.sin(turn)], axis=1)


def _rgba(colour: Colour, alpha: float) -> tuple[int, ...]:
    return (*np.clip(colour, 0, 255).astype(int).tolist(), round(255 * alpha))
