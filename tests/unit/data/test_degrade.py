"""A camera's faults."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.degrade import DEGRADATIONS, degrade
from edgedf.data.drawn import draw_face

CODECS = {"jpeg": 3.0, "video": 6.0}  # levels by which they miss a picture at their best


@pytest.fixture(scope="module")
def image() -> NDArray[np.uint8]:
    return draw_face(np.random.default_rng(0), fake=False)


def change(image: NDArray[np.uint8], name: str, strength: float, seed: int = 0) -> float:
    made = DEGRADATIONS[name](image, strength, np.random.default_rng(seed))
    assert made.shape == image.shape and made.dtype == np.uint8
    return float(np.abs(made.astype(int) - image).mean())


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_strength_goes_from_nothing_to_much(image: NDArray[np.uint8], name: str) -> None:
    before = image.copy()
    none, some, much = (np.mean([change(image, name, s, seed) for seed in range(5)]) for s in (0, 0.4, 1))
    assert none <= CODECS.get(name, 0)
    assert none < some < much
    assert np.array_equal(image, before), "the image itself is left alone"


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_other_shapes_are_taken(image: NDArray[np.uint8], name: str) -> None:
    change(np.ascontiguousarray(image[:100, :60]), name, 0.5)


def test_training_degrades_in_every_way_and_the_same_for_the_same_numbers(image: NDArray[np.uint8]) -> None:
    made = [degrade(image, np.random.default_rng(seed)).tobytes() for seed in range(60)]
    assert len(set(made)) > 55 and made.count(image.tobytes()) < 3, "a small occlusion may fall beside the picture"
    assert made[:5] == [degrade(image, np.random.default_rng(seed)).tobytes() for seed in range(5)]
