"""A camera's faults."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

import edgedf.data.degrade
from edgedf.data.degrade import DEGRADATIONS, degrade
from edgedf.data.drawn import draw_face
from edgedf.deploy.robustness import degraded
from edgedf.errors import UnavailableError

CODECS = {"jpeg": 3.0, "h264": 1.7}  # levels by which they miss a picture at their best


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
    for height, width in ((100, 60), (101, 60), (33, 71)):
        change(np.ascontiguousarray(image[:height, :width]), name, 0.5)


def test_training_degrades_in_every_way_and_the_same_for_the_same_numbers(image: NDArray[np.uint8]) -> None:
    made = [degrade(image, np.random.default_rng(seed)).tobytes() for seed in range(60)]
    assert len(set(made)) > 55 and made.count(image.tobytes()) < 3, "a small occlusion may fall beside the picture"
    assert made[:5] == [degrade(image, np.random.default_rng(seed)).tobytes() for seed in range(5)]


def test_a_new_degradation_is_one_entry(image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    """As CONTRIBUTING.md adds one: training views draw it, and the robustness card has it by its name."""
    strengths: list[float] = []

    def inverted(image: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
        strengths.append(strength)
        return np.asarray(np.rint((1 - strength) * image + strength * (255.0 - image)), np.uint8)

    monkeypatch.setitem(DEGRADATIONS, "inverted", inverted)
    views = [degrade(image, np.random.default_rng(seed)) for seed in range(60)]
    assert 3 < len(strengths) < 30 and 0 <= min(strengths) < max(strengths) <= 1
    assert len({view.tobytes() for view in views}) > 55
    assert np.array_equal(degraded(image, "0f", ("inverted", 1.0)), 255 - image)
    assert change(image, "inverted", 0) == 0 < change(image, "inverted", 0.4) < change(image, "inverted", 1)


def recoded(image: NDArray[np.uint8], seed: int) -> bytes:
    return DEGRADATIONS["h264"](image, seed / 10, np.random.default_rng(seed)).tobytes()


def test_h264_gives_the_same_pixels_on_several_threads_without_a_word(
    image: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    """As training makes views: x264 writes what it did to standard error unless it is told not to."""
    alone = [recoded(image, seed) for seed in range(10)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: recoded(image, seed), [*range(10)] * 3))
    assert together == alone * 3
    assert capfd.readouterr() == ("", "")


def test_h264_predicts_from_another_frame(image: NDArray[np.uint8]) -> None:
    """Of the same strength, only the motion differs: a key frame would not depend on it."""
    still, moved = (DEGRADATIONS["h264"](image, 0.5, np.random.default_rng(seed)) for seed in (0, 1))
    assert not np.array_equal(still, moved)


def test_a_pyav_without_x264_is_named(image: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edgedf.data.degrade, "ENCODER", "libnone")
    with pytest.raises(UnavailableError, match="built without libnone: run  pip install"):
        recoded(image, 0)
