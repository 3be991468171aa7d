"""What layers must do, against sums made by hand and against torch's count."""

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch.utils.flop_counter import FlopCounterMode

from edgedf.bundle import open_bundle
from edgedf.deploy.calibration import METHODS, Sample, record
from edgedf.deploy.cost import layer_costs, multiply_accumulates, stage_of
from edgedf.deploy.dialects import quantised
from edgedf.deploy.openvino import int8_layers, ir_from_onnx
from edgedf.metrics.attainable import Layer
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import CPU, OPENVINO, TENSORRT, Dialect
from edgedf.shipped import DEFAULT_STUDENT


def small_graph() -> bytes:
    """Bytes (N, 8, 8, 3) -> channels first -> float -> a grouped convolution with ReLU -> mean -> Gemm."""
    nodes = [
        helper.make_node("Transpose", ["pixels"], ["moved"], "move", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["moved"], ["float"], "cast", to=TensorProto.FLOAT),
        helper.make_node("Conv", ["float", "model.stem.weight", "b"], ["conv"], "conv", strides=[2, 2], group=3),
        helper.make_node("Relu", ["conv"], ["relu"], "relu"),
        helper.make_node("ReduceMean", ["relu"], ["mean"], "mean", axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["mean", "model.head.weight"], ["logit"], "gemm", transB=1),
    ]
    weights = {"model.stem.weight": (6, 1, 2, 2), "b": (6,), "model.head.weight": (5, 6)}
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 8, 8, 3])],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["N", 5])],
        [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def test_sums_by_hand() -> None:
    costs = layer_costs(small_graph())
    assert costs.layers == [
        Layer("move", "Transpose", "pixels", "", 0, 0, 192, 192),
        Layer("cast", "Cast", "pixels", "", 0, 0, 192, 768),
        Layer("conv", "Conv", "stem", "f32", 6 * 4 * 4 * 4, (24 + 6) * 4, 768, 6 * 16 * 4),
        Layer("mean", "ReduceMean", "head", "", 0, 0, 6 * 16 * 4, 24),
        Layer("gemm", "Gemm", "head", "f32", 30, 120, 24, 20),
    ]
    assert costs.places["relu"] == costs.places["conv"] == "conv"
    assert costs.places["logit"] == "gemm"


def test_half_precision_moves_half_the_bytes_of_floats_and_all_of_others() -> None:
    whole, half = layer_costs(small_graph()).layers, layer_costs(small_graph(), "bf16").layers
    assert [one.read_bytes for one in half] == [192, 192, 384, 192, 12]
    assert half[2].weight_bytes * 2 == whole[2].weight_bytes
    assert half[2].precision == "bf16"


def test_macs_are_those_that_torch_counts(student: Detector, student_graph: bytes) -> None:
    with FlopCounterMode(display=False) as counter:
        student.fused()(torch.zeros(1, 256, 256, 3, dtype=torch.uint8))
    assert sum(multiply_accumulates(student_graph).values()) * 2 == counter.get_total_flops()


def test_every_layer_of_the_student_has_its_stage(student_graph: bytes) -> None:
    layers = layer_costs(student_graph).layers
    assert list(dict.fromkeys(one.stage for one in layers)) == [
        "pixels", "stem", "stage 1", "stage 2", "stage 3", "attention", "head",
    ]  # fmt: skip
    assert {one.op for one in layers if one.stage == "pixels"} == {"Reshape", "Transpose", "Cast", "Div"}


@pytest.mark.parametrize(
    ("weight", "stage"),
    [
        ("model.stages.0.1.fused.weight", "stage 1"),
        ("model.stem.conv.weight_quantized", "stem"),
        ("model.features.3.conv.0.weight", "feature 4"),
        ("val_17", ""),
    ],
)
def test_a_weight_names_its_stage(weight: str, stage: str) -> None:
    assert stage_of(weight) == stage


def in_int8(graph: bytes, crops: NDArray[np.uint8], dialect: Dialect) -> bytes:
    seen = record(graph, Sample(crops, 0, [], "noise")).of(METHODS[0])
    return quantised(graph, seen, dialect)


@pytest.mark.parametrize("dialect", [CPU, TENSORRT], ids=lambda one: one.name)
def test_pairs_make_layers_of_bytes(tiny_graph: bytes, noise: NDArray[np.uint8], dialect: Dialect) -> None:
    floats = {one.name: one for one in layer_costs(tiny_graph).layers}
    layers = {one.name: one for one in layer_costs(in_int8(tiny_graph, noise, dialect)).layers}
    assert not [one for one in layers.values() if "Quantize" in one.op]
    int8 = {name for name, one in layers.items() if one.precision == "int8"}
    assert len(int8) == 3  # the stem reads three channels, the attention gives one
    for name in int8:
        assert layers[name].macs == floats[name].macs
        assert layers[name].read_bytes * 4 == floats[name].read_bytes
    biases = 4 * (16 + 16 + 32)  # of 4 bytes in either dialect
    weights = [sum(one[name].weight_bytes for name in int8) - biases for one in (layers, floats)]
    assert weights[0] * 4 == weights[1]


def test_an_ir_costs_what_the_graph_with_pairs_costs(tiny_graph: bytes, noise: NDArray[np.uint8]) -> None:
    graph = in_int8(tiny_graph, noise, OPENVINO)
    names = int8_layers(ir_from_onnx(graph))
    assert len(names) == 3
    by_names = {one.name: one for one in layer_costs(tiny_graph, int8=names).layers}
    for one in layer_costs(graph).layers:
        if one.macs:
            assert by_names[one.name] == one


def test_the_shipped_graphs_do_the_same_work() -> None:
    bundle = open_bundle(DEFAULT_STUDENT)
    graphs = {one.precision: bundle.read(one) for one in bundle.manifest.artefacts}
    assert multiply_accumulates(graphs["int8"]) == multiply_accumulates(graphs["fp32"])
    first = onnx.load_from_string(graphs["fp32"]).graph.node[0].name
    assert layer_costs(graphs["fp32"]).layers[0].name == first
