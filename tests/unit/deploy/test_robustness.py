"""The robustness card: which faces, how they are degraded, and that all artefacts see the same ones."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import edgedf.deploy.robustness
from edgedf.bundle import Artefact
from edgedf.data.drawn import draw_face
from edgedf.data.packed import PackedFaces
from edgedf.deploy.robustness import DEGRADED, STRENGTHS, degraded, forms, robustness, spread
from edgedf.files import sha256
from edgedf.runtime.engine import scores


def packed(pixels: NDArray[np.uint8], groups: list[str], labels: NDArray[np.uint8]) -> PackedFaces:
    count = len(pixels)
    return PackedFaces(
        pixels=pixels,
        labels=labels,
        groups=groups,
        methods=[""] * count,
        paths=[""] * count,
        digests=[sha256(one.tobytes())[:32] for one in pixels],
        originals=np.arange(count),
        sources=np.zeros(count, np.int64),
        fingerprints=("made",),
    )


@pytest.fixture(scope="module")
def faces() -> PackedFaces:
    """Forty small pictures of noise, two a group; fakes are brighter for the most part."""
    random = np.random.default_rng(0)
    labels = (np.arange(40) % 4 < 2).astype(np.uint8)
    levels = (random.normal(90, 25, 40) + 60 * labels).clip(20, 235)
    pixels = (levels[:, None, None, None] + random.normal(0, 8, (40, 32, 32, 3))).clip(0, 255).astype(np.uint8)
    return packed(pixels, [f"g{i // 2}" for i in range(40)], labels)


def artefact(backend: str, precision: str) -> Artefact:
    return Artefact(f"{precision}.onnx", "", backend, precision, 0.5, "f1", 1.0, 1e-3)


class Brightness:
    """Stands for an engine, for crops of any size: calls bright ones fake, and keeps what it saw."""

    def __init__(self, precision: str, gain: float) -> None:
        self.artefact, self.gain = artefact("onnxruntime", precision), gain
        self.seen: list[bytes] = []

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.seen += [one.tobytes() for one in crops]
        return scores((self.gain * (crops.mean((1, 2, 3)) / 255 - 0.45)).astype(np.float32), 1.0)


def loaded(precision: str, gain: float) -> Any:
    return Brightness(precision, gain)


@pytest.mark.parametrize("name", DEGRADED)
def test_every_strength_changes_more_than_the_one_before_and_the_same_each_time(name: str) -> None:
    face = draw_face(np.random.default_rng(0), fake=False)
    digest = sha256(face.tobytes())[:32]
    made = [degraded(face, digest, (name, strength)) for strength in (0.0, *STRENGTHS)]
    changes = [float(np.abs(one.astype(int) - face).mean()) for one in made]
    assert changes[0] == 0 and changes == sorted(set(changes))
    assert np.array_equal(made[-1], degraded(face, digest, (name, STRENGTHS[-1])))


def test_noise_is_of_the_face_alone() -> None:
    grey = np.full((32, 32, 3), 128, np.uint8)
    weak, strong, other = (
        degraded(grey, sha256(seed)[:32], ("noise", strength)).ravel().astype(float)
        for seed, strength in ((b"a", 0.5), (b"a", 1.0), (b"b", 1.0))
    )
    assert np.corrcoef(weak, strong)[0, 1] > 0.99 and abs(np.corrcoef(other, strong)[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("here", "used", "expected"),
    [
        (["a int8", "a fp32", "b fp32", "b int8"], "a int8", ["a fp32", "a int8"]),
        (["a int8", "a fp32", "b fp16", "b int8"], "b int8", ["b fp16", "b int8"]),
        (["a fp32", "b fp32", "b int8, f32"], "a fp32", ["b fp32", "b int8, f32"]),
        (["a fp32", "b int8"], "b int8", ["b int8"]),
    ],
)
def test_forms_are_of_one_backend_best_the_one_in_use(here: list[str], used: str, expected: list[str]) -> None:
    """Named by backend and precision; the one in use is the first."""

    def engine(name: str) -> Any:
        backend, _, precision = name.partition(" ")
        return SimpleNamespace(name=name, backend=backend, artefact=artefact(backend, precision))

    engines = [engine(name) for name in sorted(here, key=lambda name: name != used)]
    found: list[Any] = forms(engines)
    assert [one.name for one in found] == expected


def test_both_forms_see_the_same_faces_in_the_same_order(faces: PackedFaces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edgedf.deploy.robustness, "cpus", lambda: 1)
    one, other = loaded("fp32", 8.0), loaded("int8", 8.0)
    found = robustness({"student": [one, other]}, faces, 0.17)
    assert one.seen == other.seen and len(one.seen) == 40 * (1 + len(DEGRADED) * len(STRENGTHS))
    assert (found.images, found.fakes, found.groups, found.prevalence) == (40, 20, 20, 0.17)
    [model] = found.models
    assert [form.precision for form in model.forms] == ["fp32", "int8"]
    assert [curve.degradation for curve in model.curves] == [*DEGRADED]
    for step in [model.untouched, *(step for curve in model.curves for step in curve.steps)]:
        assert step.apart and step.apart.flips == 0 and step.worth[0] == step.worth[1]
    assert found == robustness({"student": [one, other]}, faces, 0.17), "several threads or one, it is the same"


def test_darkness_is_lost_on_what_looks_for_brightness_and_one_form_stands_alone(
    faces: PackedFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edgedf.deploy.robustness, "DEGRADED", ("low_light",))
    monkeypatch.setattr(edgedf.deploy.robustness, "STRENGTHS", (0.5, 1.0))
    alone, fp32, int8 = loaded("fp32", 8.0), loaded("fp32", 8.0), loaded("int8", -8.0)
    found = robustness({"alone": [alone], "broken": [fp32, int8]}, faces, 0.5)
    single, pair = found.models
    recalls = [step.worth[0].recall.value for step in single.steps(single.curves[0])]
    assert recalls[0] > 0.8 and recalls[-1] == 0
    assert single.untouched.apart is None and single.curves[0].departs is None
    assert pair.untouched.worth[0] == single.untouched.worth[0]
    assert pair.untouched.apart and pair.untouched.apart.flips == 1 and pair.curves[0].departs == 0


def test_a_few_faces_are_of_all_groups_and_both_classes() -> None:
    """One group has most of the faces."""
    groups = ["large"] * 80 + [f"g{i // 2}" for i in range(20)]
    labels = (np.arange(100) % 2).astype(np.uint8)
    faces = packed(np.zeros((100, 1, 1, 3), np.uint8), groups, labels)
    chosen = spread(faces, 40)
    taken = Counter(groups[i] for i in chosen)
    assert len(chosen) == len(set(chosen.tolist())) == 40
    assert taken.pop("large") == 20 and set(taken.values()) == {2}
    assert labels[chosen].sum() == 20
    assert np.array_equal(spread(faces, 1000), np.arange(100))
    assert np.array_equal(chosen, spread(faces, 40))
