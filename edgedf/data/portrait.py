"""Drawn portraits: the picture of a person in a scene."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.canvas import OVERSAMPLING, Canvas, ellipse
from edgedf.data.person import Person, Scene
from edgedf.data.relief import shading
from edgedf.faces.crop import SIZE

Picture = NDArray[np.float32]
"""RGB `(256, 256, 3)`, 0..255."""

Outline = NDArray[np.float64]
"""`(n, 2)`, face coordinates."""

SHOULDERS = [(-0.36, 0.98), (0, 1.2), (0.36, 0.98), (1.7, 1.3), (1.7, 3), (-1.7, 3), (-1.7, 1.3)]
NECK = [(-0.4, 0.4), (0.4, 0.4), (0.46, 1.6), (-0.46, 1.6)]
EYEBALL, PUPIL, GLINT = np.array((226.0, 220, 214)), np.array((12.0, 10, 10)), np.array((245.0, 245, 245))
TEETH, THROAT = np.array((214.0, 206, 196)), np.array((46.0, 20, 20))


def paint(person: Person, scene: Scene, rng: np.random.Generator) -> Picture:
    """Paints a portrait as its camera took it, `(256, 256, 3)`, 0..255."""
    canvas = Canvas(scene)
    _paint_head(canvas, person, scene)
    _paint_features(canvas, person, scene)
    flat = np.asarray(canvas.image.reduce(OVERSAMPLING), dtype=np.float32)
    lit = flat * shading(person, scene, rng)[..., None] * scene.gain.astype(np.float32)
    return _photographed(lit, scene, rng)


def _paint_head(canvas: Canvas, person: Person, scene: Scene) -> None:
    width = person.width
    if person.long_hair:
        canvas.fill(ellipse(0, 0.15, width * 1.28, 1.35), person.hair * 0.8)
    canvas.fill(NECK, person.skin * 0.72)
    canvas.fill(SHOULDERS, scene.clothes)
    for side in (-1, 1):
        canvas.fill(ellipse(side * width * 1.0, 0.02, 0.09, 0.2), person.skin * 0.85)
    if person.hairline < 0.8:
        canvas.fill(ellipse(0, -0.3, width * 1.09, 0.82), person.hair)
    canvas.fill(_head_outline(person), person.skin)
    if person.hairline < 0.8:
        canvas.fill(_fringe(person), person.hair)
        _comb(canvas, person)
    if person.beard:
        canvas.fill(_beard(person), person.hair * 0.8, person.beard)
        canvas.fill(ellipse(0, 0.4, person.mouth * 1.05, 0.07), person.hair * 0.8, person.beard)


def _head_outline(person: Person) -> Outline:
    """Outline `(64, 2)` of the face, narrower towards the chin."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return _face_edge(person, turn)


def _face_edge(person: Person, turn: NDArray[np.float64]) -> Outline:
    down = np.sin(turn)
    narrowing = 1 - person.jaw * np.clip(down, 0, None) ** 2
    return np.stack([person.width * np.cos(turn) * narrowing, down], axis=1)


def _fringe(person: Person) -> Outline:
    """Hair between the top of the head and the hairline."""
    across = np.linspace(-1, 1, 24)
    top = -1.06 * np.sqrt(np.clip(1 - across**2, 0, None)) - 0.02
    line = np.minimum(-person.hairline + 0.45 * across**4, -0.02)
    upper = np.stack([across * person.width * 1.06, np.minimum(top, line)], axis=1)
    lower = np.stack([across * person.width * 1.06, line], axis=1)
    return np.concatenate([upper, lower[::-1]])


def _comb(canvas: Canvas, person: Person) -> None:
    """Lighter and darker strands over the hair."""
    for i, start in enumerate(np.linspace(-0.75, 0.75, 16)):
        spread = np.array((0.6, 0.9, 1.15))
        depth = -0.98 + (0.98 - person.hairline) * (spread - 0.5) * 1.4
        strand = np.stack([start * person.width * spread, depth], axis=1)
        canvas.line(strand, person.hair * (1.35, 0.6)[i % 2], 0.03, 0.3)


def _beard(person: Person) -> Outline:
    turn = np.linspace(0.05 * np.pi, 0.95 * np.pi, 24)
    outer = _face_edge(person, turn)
    inner = np.stack([0.8 * person.width * np.cos(turn), 0.1 + 0.55 * np.sin(turn)], axis=1)
    return np.concatenate([outer, inner[::-1]])


def _paint_features(canvas: Canvas, person: Person, scene: Scene) -> None:
    for side in (-1, 1):
        _paint_eye(canvas, person, side * person.eye_gap, side)
    _paint_nose(canvas, person)
    _paint_mouth(canvas, person, scene)
    if person.glasses:
        _paint_glasses(canvas, person)


def _paint_eye(canvas: Canvas, person: Person, x: float, side: int) -> None:
    size, y = person.eye_size, -0.12
    across = np.linspace(-1, 1, 12)
    upper = np.stack([x + size * across, y - 0.52 * size * (1 - across**2)], axis=1)
    lower = np.stack([x + size * across, y + 0.4 * size * (1 - across**2)], axis=1)
    canvas.fill(ellipse(x, y, size * 1.4, size * 0.95), person.skin * 0.7, 0.35)
    canvas.fill(np.concatenate([upper, lower[::-1]]), EYEBALL)
    canvas.fill(ellipse(x, y - 0.03 * size, size * 0.44, size * 0.44), person.iris)
    canvas.fill(ellipse(x, y - 0.03 * size, size * 0.2, size * 0.2), PUPIL)
    canvas.fill(ellipse(x + 0.14 * size, y - 0.2 * size, size * 0.09, size * 0.09), GLINT)
    canvas.line(upper, person.skin * 0.3, 0.025)
    canvas.line(lower, person.skin * 0.65, 0.012, 0.7)
    arch = y - 0.2 - 0.05 * (1 - across**2) + 0.03 * side * across
    brow = np.stack([x + 1.35 * size * across, arch], axis=1)
    canvas.line(brow, person.hair * 0.75, person.brow, 0.85)


def _paint_nose(canvas: Canvas, person: Person) -> None:
    half, tip = person.nose, 0.26
    canvas.fill(ellipse(0, tip, half, 0.085), person.skin * 0.9, 0.5)
    for side in (-1, 1):
        canvas.fill(ellipse(side * half * 0.5, tip + 0.045, half * 0.26, 0.028), person.skin * 0.4, 0.8)
        wing = [(side * half * out, tip + down) for out, down in ((0.95, -0.05), (1.1, 0.02), (0.9, 0.06))]
        canvas.line(wing, person.skin * 0.6, 0.02, 0.5)


def _paint_mouth(canvas: Canvas, person: Person, scene: Scene) -> None:
    half, y = person.mouth, 0.55
    across = np.linspace(-1, 1, 16)
    rest = y - scene.smile * across**2
    bow = 0.06 * (1 - across**2) * (1 - 0.35 * np.exp(-((across / 0.22) ** 2)))
    opening = scene.gape * (1 - across**2)

    def curve(offset: Outline) -> Outline:
        return np.stack([half * across, rest + offset], axis=1)

    canvas.fill(np.concatenate([curve(-bow), curve(opening + 1.25 * bow)[::-1]]), person.lips)
    canvas.fill(np.concatenate([curve(0 * bow), curve(opening)[::-1]]), THROAT)
    canvas.fill(np.concatenate([curve(0 * bow), curve(0.45 * opening)[::-1]]), TEETH)
    canvas.line(curve(0 * bow), person.lips * 0.45, 0.018)


def _paint_glasses(canvas: Canvas, person: Person) -> None:
    frame = person.hair * 0.4
    for side in (-1, 1):
        rim = ellipse(side * person.eye_gap, -0.1, 0.26, 0.2)
        canvas.line(np.concatenate([rim, rim[:2]]), frame, 0.035)
        canvas.line([(side * (person.eye_gap + 0.26), -0.12), (side * person.width, -0.14)], frame, 0.03)
    canvas.line([(-person.eye_gap + 0.25, -0.14), (person.eye_gap - 0.25, -0.14)], frame, 0.03)


def _photographed(picture: Picture, scene: Scene, rng: np.random.Generator) -> Picture:
    """Loses contrast and detail and gains noise, as in a camera."""
    hazy = picture * np.float32(1 - scene.haze / 255) + np.float32(scene.haze)
    image = Image.fromarray(np.clip(hazy, 0, 255).astype(np.uint8))
    small = image.resize((scene.detail, scene.detail), Image.Resampling.BILINEAR)
    grain = rng.standard_normal((scene.detail, scene.detail, 1), dtype=np.float32) * np.float32(scene.noise)
    noisy = np.clip(np.asarray(small, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    back = Image.fromarray(noisy).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return np.asarray(back, dtype=np.float32)
