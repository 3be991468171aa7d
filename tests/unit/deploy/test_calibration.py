"""Statistics of a graph on a sample."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces
from edgedf.deploy import calibration
from edgedf.deploy.calibration import METHODS, Sample, draw_sample, entropy_reach, record
from edgedf.errors import InputError


@pytest.fixture
def sample(noise: NDArray[np.uint8]) -> Sample:
    return Sample(noise, 8, [str(i) for i in range(len(noise))], "made")


@pytest.fixture
def faces(noise: NDArray[np.uint8]) -> PackedFaces:
    count = len(noise)
    return PackedFaces(
        pixels=noise,
        labels=(np.arange(count) < 4).astype(np.uint8),
        groups=[str(i) for i in range(count)],
        methods=[""] * count,
        paths=[f"{i}.png" for i in range(count)],
        digests=[f"d{i}" for i in range(count)],
        originals=np.arange(count),
        sources=np.zeros(count, np.int64),
        fingerprints=("made",),
    )


def test_methods_agree_on_what_is_recorded_and_differ_in_what_they_cut(
    tiny_graph: bytes, sample: Sample, tmp_path: Path
) -> None:
    ranges = record(tiny_graph, sample, tmp_path).ranges
    assert set(ranges) == set(METHODS)
    names = {frozenset(of) for of in ranges.values()}
    assert len(names) == 1 and "relu" in next(iter(names))
    for name, (low, high) in ranges["minmax"].items():
        for method in METHODS:
            inner = ranges[method][name]
            assert low <= inner[0] <= inner[1] <= high
    assert ranges["minmax"]["relu"][0] == 0


def test_a_graph_without_a_layer_for_int8_is_refused(colour_graph: Any, sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no convolution of 16 channels or more on both sides"):
        record(colour_graph.SerializeToString(), sample, tmp_path)


def test_statistics_are_recorded_once(
    tiny_graph: bytes, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = record(tiny_graph, sample, tmp_path)
    monkeypatch.setattr(calibration, "_histograms", None)  # would fail if called
    again = record(tiny_graph, sample, tmp_path)
    assert again.ranges == first.ranges and set(again.moments) == set(first.moments)
    for name, moments in first.moments.items():
        assert len(moments.mean) == len(moments.second)
        np.testing.assert_array_equal(moments.second, again.moments[name].second)
    with pytest.raises(TypeError):
        record(tiny_graph, dataclasses.replace(sample, digests=["other"]), tmp_path)


@pytest.mark.parametrize("damage", [lambda data: data[:999], lambda data: b"", lambda data: b"?" * len(data)])
def test_a_damaged_record_is_made_anew(tiny_graph: bytes, sample: Sample, tmp_path: Path, damage: Any) -> None:
    first = record(tiny_graph, sample, tmp_path)
    [file] = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert record(tiny_graph, sample, tmp_path).ranges == first.ranges
    assert record(tiny_graph, sample, tmp_path).ranges == first.ranges


@pytest.mark.parametrize("method", ["mean", "training"])  # the latter is no calibration: export takes its own ranges
def test_an_unknown_method_is_named(tiny_graph: bytes, sample: Sample, tmp_path: Path, method: str) -> None:
    with pytest.raises(InputError, match="minmax, percentile, entropy"):
        record(tiny_graph, sample, tmp_path).of(method)


def test_entropy_cuts_a_few_outliers_and_keeps_a_uniform_tensor_whole() -> None:
    random = np.random.default_rng(0)
    bulk = np.abs(random.normal(0, 1, 200_000))
    for values, low, high in ((np.append(bulk, 20.0), 2.5, 8.0), (random.uniform(0, 1, 200_000), 0.95, 1.0)):
        top = values.max()
        counts, edges = np.histogram(values, 1024, range=(-top, top))
        assert low <= entropy_reach(counts, edges) <= high + 0.01


def test_a_tensor_of_zeros_reaches_as_far_as_its_histogram() -> None:
    """A dead channel is no reason for a warning."""
    edges = np.linspace(-2, 2, 1025)
    counts = np.zeros(1024, np.int64)
    counts[512] = 100
    assert entropy_reach(counts, edges) == 2


def test_a_sample_is_balanced_and_spread(faces: PackedFaces) -> None:
    sample = draw_sample(faces, 6)
    assert (len(sample.crops), sample.fakes) == (6, 3)
    assert sample.digests[0] == "d0" and sample.digests[-1] == "d15"
    assert draw_sample(faces, 12).fakes == 4, "there are no more"
    assert len(draw_sample(faces, 100).crops) == len(faces)


def test_what_is_judged_is_not_calibrated_on(faces: PackedFaces) -> None:
    with pytest.raises(InputError, match="16 calibration crops are in the split"):
        draw_sample(faces, 6, held_out=faces)
