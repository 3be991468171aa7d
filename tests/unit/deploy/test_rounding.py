"""Rounding by what a layer gives, and the moments that tell."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgedf.deploy import calibration
from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.layers import Window, layer_names, layers, window
from edgedf.deploy.moments import drawn_windows, layer_moments
from edgedf.deploy.rounding import rounded
from edgedf.nn.quantisation import CPU, TENSORRT, Dialect
from edgedf.runtime.backends import onnxruntime


def test_unrelated_inputs_are_rounded_to_the_nearest_step() -> None:
    weights = np.random.default_rng(0).normal(size=(4, 10))
    steps = rounded(weights, np.full(4, 0.1), np.eye(10), 63)
    np.testing.assert_array_equal(steps, np.clip(np.round(weights / 0.1), -63, 63))


def test_related_inputs_make_good_for_each_other() -> None:
    """As brightness, which all pixels share: the sum of the weights must stay, not each weight."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(5000, 1)) * 3 + random.normal(size=(5000, 20)) * 0.1
    weights = random.normal(size=(8, 20))
    scale = np.abs(weights).max(1) / 7
    steps = rounded(weights, scale, inputs.T @ inputs / len(inputs), 7)
    nearest = np.round(weights / scale[:, None])

    def error(found: NDArray[np.float64]) -> float:
        return float(np.square(inputs @ (found * scale[:, None] - weights).T).mean())

    assert np.abs(steps).max() <= 7
    assert error(steps) < 0.2 * error(nearest)


def test_an_input_that_is_always_zero_does_no_harm() -> None:
    second = np.diag([1.0, 0.0, 2.0])
    assert np.isfinite(rounded(np.ones((2, 3)), np.full(2, 0.5), second, 63)).all()


@pytest.mark.parametrize("dialect", [CPU, TENSORRT])
def test_a_graph_is_nearer_to_fp32_with_it(
    student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path, dialect: Dialect
) -> None:
    seen = record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    before = onnxruntime.load(student_graph, 1).run(noise).embedding

    def error(statistics: Statistics) -> float:
        model = quantised(student_graph, statistics, dialect)
        return float(np.abs(onnxruntime.load(model, 1, unfused=True).run(noise).embedding - before).mean())

    assert error(seen) < error(Statistics(seen.ranges, {}))


def test_moments_are_of_the_windows_that_a_layer_reads(
    tiny_graph: bytes, noise: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = layer_moments(tiny_graph, noise)
    assert list(found) == layer_names(tiny_graph)
    for moments in found.values():
        assert moments.mean.shape == (16 * 9,)
        np.testing.assert_allclose(moments.second, moments.second.T, rtol=1e-5)
        assert (np.diag(moments.second) >= np.square(moments.mean) - 1e-5).all()


def test_a_window_is_what_the_convolution_multiplies() -> None:
    values = np.arange(2 * 3 * 4 * 4, dtype=np.float32).reshape(2, 3, 4, 4)
    rows = drawn_windows(values, Window((3, 3), (1, 1), (0, 0, 0, 0), 1), np.random.default_rng(0))
    every = [values[n, :, y : y + 3, x : x + 3].ravel() for n in range(2) for y in range(2) for x in range(2)]
    assert {row.tobytes() for row in rows} == {one.tobytes() for one in every}


def test_a_dilated_window_is_left_out(tiny_graph: bytes) -> None:
    model: Any = onnx.load_from_string(tiny_graph)
    node = layers(model)[0]
    place = window(node)
    assert place is not None and (place.kernel, place.groups) == ((3, 3), 1)
    del node.attribute[:]
    node.attribute.extend(
        [onnx.helper.make_attribute("kernel_shape", [3, 3]), onnx.helper.make_attribute("dilations", [2, 2])]
    )
    assert window(node) is None


def test_a_record_of_another_version_is_not_read(tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path) -> None:
    sample = Sample(noise, 0, ["made"], "made")
    record(tiny_graph, sample, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration, "ROWS", 1)
        record(tiny_graph, sample, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
