"""Forging a drawn portrait: its inner face is replaced behind a soft seam."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from edgedf.data.canvas import ellipse, place
from edgedf.data.person import Person, Scene, random_person, random_scene
from edgedf.data.portrait import Picture, paint
from edgedf.faces.crop import SIZE

METHODS = ("blend", "colour", "blur")

Mask = NDArray[np.float32]
"""`(256, 256)`, 0..1: the share of each pixel that was replaced."""


def forge_portrait(
    face: Picture, person: Person, scene: Scene, method: str, rng: np.random.Generator
) -> tuple[Picture, Mask]:
    """Replaces the inner face of a painted portrait behind a soft seam.

    Args:
        face: The portrait `(256, 256, 3)`, 0..255.
        person: Who is in it.
        scene: How it was taken.
        method: `blend` puts in another person under another light; `colour` another colour and contrast;
            `blur` a copy of lower resolution.
        rng: Source of all choices.

    Returns:
        The forged portrait, and the mask `(256, 256)`, 0..1.
    """
    mask = _inner_face(scene, rng)
    if method == "blend":
        # Half a pair of glasses would give every such forgery away.
        other = replace(random_person(rng), glasses=person.glasses)
        inner = _matched(paint(other, _retaken(scene, rng), rng), face, mask)
    elif method == "colour":
        inner = _recoloured(face, mask, rng)
    else:
        inner = _coarser(face, int(rng.integers(40, 64)), Image.Resampling.BICUBIC)
    shown = _generated(inner, rng)
    return face + mask[..., None] * (shown - face), mask


def _inner_face(scene: Scene, rng: np.random.Generator) -> Mask:
    """A soft mask around eyes, nose and mouth."""
    outline = ellipse(0, rng.uniform(0.1, 0.2), rng.uniform(0.5, 0.6), rng.uniform(0.52, 0.64))
    outline = outline + rng.normal(0, 0.02, outline.shape)
    mask = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(mask).polygon([(x, y) for x, y in place(scene, outline).tolist()], fill=255)
    soft = mask.filter(ImageFilter.GaussianBlur(rng.uniform(1, 3)))
    return np.asarray(soft, dtype=np.float32) / np.float32(255)


def _retaken(scene: Scene, rng: np.random.Generator) -> Scene:
    """The same pose under another light and through another camera."""
    other = random_scene(rng)
    light = scene.light + 0.7 * other.light
    light = light / np.linalg.norm(light)
    return replace(scene, light=light, contrast=other.contrast, detail=other.detail, noise=other.noise)


def _matched(inner: Picture, face: Picture, mask: Mask) -> Picture:
    """Moves the inner face's mean colour most of the way to that of the face it covers, as forgers do."""
    weights = mask[..., None] / mask.sum()
    gap = ((face - inner) * weights).sum(axis=(0, 1))
    return np.asarray(inner + 0.6 * gap, dtype=np.float32)


def _recoloured(face: Picture, mask: Mask, rng: np.random.Generator) -> Picture:
    mean = (face * mask[..., None]).sum(axis=(0, 1)) / mask.sum()
    contrast = rng.choice((0.6, 1.4))
    return np.asarray((face - mean) * contrast + mean * rng.normal(1, 0.1, 3), dtype=np.float32)


def _generated(inner: Picture, rng: np.random.Generator) -> Picture:
    """Leaves the faint grid that generators of low resolution leave when they enlarge."""
    grid = _coarser(inner, int(rng.integers(44, 64)), Image.Resampling.NEAREST)
    return inner + np.float32(rng.uniform(0.4, 1)) * (grid - inner)


def _coarser(face: Picture, side: int, enlarging: Image.Resampling) -> Picture:
    small = Image.fromarray(pixels(face)).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((SIZE, SIZE), enlarging), dtype=np.float32)


def pixels(picture: Picture) -> NDArray[np.uint8]:
    """The picture in whole levels."""
    levels: NDArray[np.uint8] = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return levels
