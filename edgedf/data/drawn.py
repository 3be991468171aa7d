"""Drawn faces, real and forged: data for the demo, for tests and for golden vectors."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.dataset import LABELS, Dataset, Progress, write_dataset
from edgedf.data.person import random_person, random_scene
from edgedf.data.portrait import paint
from edgedf.data.portrait_forgery import METHODS, Mask, forge_portrait, pixels
from edgedf.data.splits import split_by_group
from edgedf.errors import ConfigError

PICTURES = 4  # of one person


def draw_face(rng: np.random.Generator, fake: bool) -> NDArray[np.uint8]:
    """Draws one face `(256, 256, 3)`, real or forged."""
    if fake:
        return draw_pair(rng)[1]
    return pixels(paint(random_person(rng), random_scene(rng), rng))


def draw_pair(rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8], Mask]:
    """Draws a face, a forgery of it, and the mask of what was replaced."""
    person, scene = random_person(rng), random_scene(rng)
    face = paint(person, scene, rng)
    forged, mask = forge_portrait(face, person, scene, METHODS[rng.integers(len(METHODS))], rng)
    return pixels(face), pixels(forged), mask


def draw_dataset(
    root: Path,
    images: int = 1200,
    prevalence: float = 0.3,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Draws a dataset of JPEG files, a few of each person, split by person.

    Args:
        root: Folder to write to.
        images: Number of pictures.
        prevalence: Share of fakes, 0..1.
        seed: The same seed draws the same faces.
        progress: Shows how far the drawing got.

    Raises:
        ConfigError: There would be no picture of one of the classes.
    """
    fakes = round(images * prevalence)
    if not 0 < fakes < images:
        raise ConfigError(f"{images} images at prevalence {prevalence} hold one class only")
    labels = np.random.default_rng(seed).permutation(np.arange(images) < fakes).astype(np.uint8)
    groups = [f"person-{i // PICTURES:04}" for i in range(images)]
    todo: Iterable[int] = range(images)
    if progress:
        todo = progress(todo, "drawing", images)
    drawn = [_draw_file(root, i, bool(labels[i]), seed) for i in todo]
    columns = {
        "path": [path for path, _ in drawn],
        "label": [LABELS[label] for label in labels],
        "split": split_by_group(groups, labels, (0.7, 0.15, 0.15), seed),
        "group": groups,
        "method": [method for _, method in drawn],
    }
    write_dataset(root, columns)
    return Dataset(root, columns)


def _draw_file(root: Path, index: int, fake: bool, seed: int) -> tuple[str, str]:
    """Draws one picture; gives its path in the dataset and its method."""
    # One generator a person and one a picture: neither depends on how many were drawn before.
    person = random_person(np.random.default_rng((seed, 0, index // PICTURES)))
    rng = np.random.default_rng((seed, 1, index))
    scene = random_scene(rng)
    face, method = paint(person, scene, rng), ""
    if fake:
        method = METHODS[rng.integers(len(METHODS))]
        face, _ = forge_portrait(face, person, scene, method, rng)
    path = f"{LABELS[fake]}/{index:05}.jpg"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(face)).save(root / path, quality=int(rng.integers(70, 96)))
    return path, method
