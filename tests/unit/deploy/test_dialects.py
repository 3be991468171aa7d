"""Q/DQ dialects."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.half import half_precision
from edgedf.deploy.layers import layer_names
from edgedf.deploy.lint import lint
from edgedf.nn.quantisation import CPU, TENSORRT, Dialect
from edgedf.runtime.backends import load_backend


@pytest.fixture(scope="module")
def statistics(tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    sample = Sample(noise, 0, ["made"], "made")
    return record(tiny_graph, sample, tmp_path_factory.mktemp("statistics")).of("minmax")


def _nodes(graph: bytes, kind: str) -> list[Any]:
    return [node for node in onnx.load_from_string(graph).graph.node if node.op_type == kind]


def _weights(graph: bytes) -> list[NDArray[np.int8]]:
    found = onnx.load_from_string(graph).graph.initializer
    arrays = [onnx.numpy_helper.to_array(one) for one in found]
    return [array for array in arrays if array.dtype == np.int8 and array.ndim == 4]


def test_thin_layers_and_the_head_stay_float(tiny_graph: bytes) -> None:
    """The stem reads three channels, the attention gives one."""
    assert len(layer_names(tiny_graph)) == 3
    assert len(_nodes(tiny_graph, "Conv")) == 5


@pytest.mark.parametrize("dialect", [CPU, TENSORRT])
def test_scores_stay_near(
    tiny_graph: bytes, statistics: Statistics, noise: NDArray[np.uint8], dialect: Dialect
) -> None:
    before = load_backend("onnxruntime", tiny_graph, 1).run(noise).logit
    after = load_backend("onnxruntime", quantised(tiny_graph, statistics, dialect), 1).run(noise).logit
    assert 0 < np.abs(after - before).max() < 0.1 * np.ptp(before)


@pytest.mark.parametrize("dialect", [CPU, TENSORRT])
def test_the_graph_is_sound_onnx(tiny_graph: bytes, statistics: Statistics, dialect: Dialect) -> None:
    graph = quantised(tiny_graph, statistics, dialect)
    onnx.checker.check_model(graph if dialect is CPU else half_precision(graph), full_check=True)


def test_cpu_weights_have_seven_bits_and_activations_are_unsigned(tiny_graph: bytes, statistics: Statistics) -> None:
    graph = quantised(tiny_graph, statistics, CPU)
    weights = _weights(graph)
    assert len(weights) == 3 and all(np.abs(one.astype(int)).max() == 64 for one in weights), "the scale's whole range"
    assert {finding.rule for finding in lint(graph)} >= {"type", "bias"}


def test_tensorrt_finds_nothing_to_complain_about(tiny_graph: bytes, statistics: Statistics) -> None:
    """With FP16 around it; of a sum only the shortcut is quantised."""
    graph = half_precision(quantised(tiny_graph, statistics, TENSORRT))
    assert lint(graph) == []
    (add,) = _nodes(graph, "Add")
    made_by = {node.output[0]: node.op_type for node in onnx.load_from_string(graph).graph.node}
    assert sorted(made_by[name] for name in add.input) == ["Conv", "DequantizeLinear"]


def test_a_layer_kept_float_has_no_pair(tiny_graph: bytes, statistics: Statistics) -> None:
    names = layer_names(tiny_graph)
    assert len(_weights(quantised(tiny_graph, statistics, CPU, names[:1]))) == len(names) - 1


def test_half_precision_keeps_the_contract(tiny_graph: bytes, noise: NDArray[np.uint8]) -> None:
    before = load_backend("onnxruntime", tiny_graph, 1).run(noise)
    after = load_backend("onnxruntime", half_precision(tiny_graph), 1).run(noise)
    for one, other in zip(before, after, strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, atol=5e-3)


def test_the_first_layer_reads_the_bytes_as_they_are(
    student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Cast, division and quantisation of pixels would give the same bytes again."""
    statistics = record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    graph = quantised(student_graph, statistics, CPU)
    assert not _nodes(graph, "Cast")
    assert not [node for node in _nodes(graph, "QuantizeLinear") if "div" in node.name]
    before = load_backend("onnxruntime", student_graph, 1).run(noise).logit
    after = load_backend("onnxruntime", graph, 1).run(noise).logit
    assert 0 < np.abs(after - before).max() < 0.1 * np.ptp(before)
