"""The gate: what it lets pass, what it stops, and when it cannot tell."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces
from edgedf.deploy.bounds import Bounds, Part, _highest
from edgedf.deploy.gate import Gate, judge
from edgedf.metrics import Interval

GROUPS = 40


def _faces(count: int) -> PackedFaces:
    """Two thirds fake, by two methods, four fifths of them by `swap`."""
    labels = (np.arange(count) % 3 > 0).astype(np.uint8)
    methods = ["" if not label else "rare" if i % 5 == 0 else "swap" for i, label in enumerate(labels)]
    return PackedFaces(
        pixels=np.zeros((count, 1, 1, 3), np.uint8),
        labels=labels,
        groups=[f"g{i % GROUPS}" for i in range(count)],
        methods=methods,
        paths=[""] * count,
        digests=[""] * count,
        originals=np.arange(count),
        sources=np.zeros(count, np.int64),
        fingerprints=("made",),
    )


@pytest.fixture(scope="module")
def faces() -> PackedFaces:
    return _faces(6000)


@pytest.fixture(scope="module")
def reference(faces: PackedFaces) -> NDArray[np.float32]:
    random = np.random.default_rng(0)
    return (random.normal(0, 1.5, len(faces)) + 4.0 * faces.labels - 2.0).astype(np.float32)


def _judge(faces: PackedFaces, reference: NDArray[np.float32], logit: NDArray[np.floating]) -> Gate:
    return judge(faces, reference, logit.astype(np.float32), "f1", 0.17, Bounds())


def test_a_compressed_logit_passes_with_another_temperature(faces: PackedFaces, reference: NDArray[np.float32]) -> None:
    """Half the confidence, the same order: nothing is lost once temperature and threshold are refitted."""
    gate = _judge(faces, reference, reference / 2)
    assert gate and gate.verdict == "passed" and gate.reasons == []
    assert gate.flips == 0 and gate.largest < 0.01
    same = _judge(faces, reference, reference)
    assert gate.temperature == pytest.approx(same.temperature / 2, rel=0.01)


def test_nothing_is_concluded_from_a_few_fakes_that_all_agree() -> None:
    """Their intervals have no width: a bootstrap of what never differs does not differ."""
    few = _faces(60)
    reference = (np.random.default_rng(0).normal(0, 1.5, 60) + 4.0 * few.labels - 2.0).astype(np.float32)
    gate = _judge(few, reference, reference)
    assert gate.recall.low == gate.recall.high == 0
    assert gate and gate.verdict == "inconclusive"
    assert gate.reasons == ["nothing can be told of 40 fakes: give 600 or more"]


def test_noise_on_every_score_is_stopped(faces: PackedFaces, reference: NDArray[np.float32]) -> None:
    gate = _judge(faces, reference, reference + np.random.default_rng(1).normal(0, 1, len(faces)))
    assert gate.verdict == "broken" and not gate
    assert any("verdicts flipped" in reason for reason in gate.reasons)


def test_a_method_that_is_lost_is_stopped_though_the_whole_looks_fine(
    faces: PackedFaces, reference: NDArray[np.float32]
) -> None:
    """The saboteur: a graph that no longer sees one rare method, and sees a little more of the other."""
    rare = np.array(faces.methods) == "rare"
    few = np.flatnonzero(rare)[:60]
    faces = dataclasses.replace(
        faces, methods=["rare" if i in few else m and "swap" for i, m in enumerate(faces.methods)]
    )
    logit = reference.copy()
    logit[few] -= 6
    missed = np.flatnonzero((faces.labels == 1) & ~np.isin(np.arange(len(faces)), few))
    logit[missed[np.argsort(reference[missed])[:60]]] += 6
    gate = _judge(faces, reference, logit)
    assert abs(gate.f1.value) < 0.005 and abs(gate.recall.value) < 0.005
    assert gate.verdict == "broken"
    assert any("method rare" in reason for reason in gate.reasons)


def test_a_small_split_cannot_tell_and_says_what_could(reference: NDArray[np.float32]) -> None:
    """One fake lost and one found: no change, but among 160 fakes it might as well have been two lost."""
    small, before = _faces(240), reference[:240]
    fakes = np.flatnonzero(small.labels)
    after = before.copy()
    after[fakes[before[fakes].argmax()]] -= 9
    after[fakes[before[fakes].argmin()]] += 9
    gate = judge(small, before, after, "f1", 0.17, Bounds())
    assert gate.recall.value == 0 and gate.recall.low < -0.005
    assert gate.verdict == "inconclusive" and gate
    assert any(reason.startswith("recall") and "here are 160" in reason for reason in gate.reasons)


def test_one_group_of_many_is_not_beyond_doubt_by_what_chance_does_to_one_of_them() -> None:
    """6 of 163 fakes lost: its own 95 % interval lies below the bound, that of the worst of 36 does not."""
    change = Interval(-6 / 163, -0.067, -0.012)
    part = Part("g0", 163, 0.4, change, 6 / 163)
    assert _highest(part, 1) < -0.005 < _highest(part, 36)
    lost = Part("g0", 163, 0.2, Interval(-0.2, -0.26, -0.14), 0.2)
    assert _highest(lost, 36) < -0.005
