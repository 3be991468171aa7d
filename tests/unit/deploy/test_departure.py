"""The first layer that departs: that of a planted fault, in every form of an artefact."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.departure import FLOAT_BOUND, INT8_BOUND, first_departure
from edgedf.deploy.dialects import quantised
from edgedf.deploy.half import half_precision
from edgedf.deploy.inner import Inner, InnerIr, InnerNcnn, InnerOnnx
from edgedf.deploy.layers import layer_names
from edgedf.deploy.ncnn import ncnn_from_onnx
from edgedf.deploy.openvino import ir_from_onnx
from edgedf.nn.quantisation import CPU, TENSORRT

Form = Callable[[bytes], Inner]

FORMS: dict[str, Form] = {
    "onnx": InnerOnnx,
    "openvino": lambda graph: InnerIr(*ir_from_onnx(graph)),
    "ncnn": lambda graph: _ncnn(graph),
    "tensorrt": lambda graph: InnerOnnx(half_precision(graph), unfused=True),
}


def _ncnn(graph: bytes) -> Inner:
    pytest.importorskip("ncnn")
    return InnerNcnn(*ncnn_from_onnx(graph), "int8, f32")


@pytest.mark.parametrize("form", ["onnx", "openvino", "ncnn"])
def test_of_no_tensor_nothing_is_read(form: str, tiny_graph: bytes, noise: NDArray[np.uint8]) -> None:
    """A graph may have none that anybody asks for; ONNX Runtime, asked for none, gives its outputs."""
    assert FORMS[form](tiny_graph).reader([])(noise[:1]) == {}


@pytest.fixture(scope="module")
def statistics(tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    return record(tiny_graph, Sample(noise, 0, ["made"], "made"), tmp_path_factory.mktemp("seen")).of("minmax")


@pytest.fixture(scope="module")
def graphs(tiny_graph: bytes, statistics: Statistics) -> dict[str, bytes]:
    """The INT8 graph of each form."""
    cpu = quantised(tiny_graph, statistics, CPU)
    symmetric = quantised(tiny_graph, statistics, TENSORRT)
    return {"onnx": cpu, "openvino": cpu, "ncnn": symmetric, "tensorrt": symmetric}


def _planted(graph: bytes, layer: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> bytes:
    """The graph with other weights in one layer."""
    model: Any = onnx.load_from_string(graph)
    made_by = {name: node for node in model.graph.node for name in node.output}
    constants = {one.name: one for one in model.graph.initializer}
    (name,) = (node.input[1] for node in model.graph.node if node.name == layer)
    while name not in constants:
        name = made_by[name].input[0]
    weights = change(onnx.numpy_helper.to_array(constants[name]).copy())
    constants[name].CopyFrom(onnx.numpy_helper.from_array(weights, name))
    return bytes(model.SerializeToString())


def _half_lost(weights: NDArray[Any]) -> NDArray[Any]:
    weights[::2] = 0
    return weights


@pytest.mark.parametrize("form", FORMS)
def test_a_sound_artefact_departs_nowhere(
    tiny_graph: bytes, graphs: dict[str, bytes], noise: NDArray[np.uint8], form: str
) -> None:
    assert first_departure(tiny_graph, FORMS[form](graphs[form]), noise, INT8_BOUND) is None
    assert first_departure(tiny_graph, FORMS[form](tiny_graph), noise, FLOAT_BOUND) is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_layer_of_a_planted_fault_is_named(
    tiny_graph: bytes, graphs: dict[str, bytes], noise: NDArray[np.uint8], form: str, place: int
) -> None:
    layer = layer_names(tiny_graph)[place]
    faulty = FORMS[form](_planted(graphs[form], layer, _half_lost))
    found = first_departure(tiny_graph, faulty, noise, INT8_BOUND)
    if form == "ncnn" and place == 0:
        layer = layer_names(tiny_graph)[1]  # which alone reads what the first gives, as bytes
    assert found is not None and found.layer == layer and found.error > INT8_BOUND


@pytest.mark.parametrize("value", [np.nan, 1e30])
def test_what_is_not_a_number_departs(tiny_graph: bytes, noise: NDArray[np.uint8], value: float) -> None:
    layer = layer_names(tiny_graph)[1]
    faulty = InnerOnnx(_planted(tiny_graph, layer, lambda weights: np.full_like(weights, value)))
    found = first_departure(tiny_graph, faulty, noise, FLOAT_BOUND)
    assert found is not None and found.layer == layer and not found.error < 1e20
