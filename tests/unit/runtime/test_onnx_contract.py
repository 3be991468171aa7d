"""The reading of ONNX files: agrees with the onnx package, and refuses another contract or hidden files."""

import copy
from collections.abc import Callable
from typing import Any

import onnx
import pytest
from onnx import TensorProto as types
from onnx import helper

from edgedf.errors import BundleError
from edgedf.runtime.onnx_contract import check_graph


def changed(graph: Any, change: Callable[[Any], object]) -> bytes:
    other = copy.deepcopy(graph)
    change(other)
    return bytes(other.SerializeToString())


def test_a_graph_of_the_contract_passes(colour_graph: Any) -> None:
    check_graph(colour_graph.SerializeToString())


def dims(model: Any) -> Any:
    return model.graph.input[0].type.tensor_type.shape.dim


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: setattr(dims(m)[1], "dim_value", 224), r"pixels uint8 \(N, 224, 256, 3\)"),
        (lambda m: setattr(dims(m)[0], "dim_value", 1), r"pixels uint8 \(1, 256, 256, 3\)"),
        (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", types.FLOAT), "pixels float32"),
        (lambda m: setattr(m.graph.input[0], "name", "image"), "image uint8"),
        (lambda m: m.graph.input.append(m.graph.input[0]), "pixels uint8 .*, pixels uint8"),
        (lambda m: m.graph.ClearField("input"), "missing"),
        (lambda m: m.graph.output.pop(), "its outputs are"),
        (lambda m: m.graph.output.reverse(), "its outputs are"),
        (lambda m: m.ClearField("graph"), "missing"),
    ],
)
def test_another_contract_is_refused(colour_graph: Any, change: Callable[[Any], object], reason: str) -> None:
    with pytest.raises(BundleError, match=reason):
        check_graph(changed(colour_graph, change))


def outside() -> Any:
    tensor = types(name="w", data_type=types.FLOAT, dims=[4], data_location=types.EXTERNAL)
    tensor.external_data.add(key="location", value="secret.bin")
    return tensor


def in_a_constant(model: Any) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["w"], value=outside()))


def in_a_sparse_tensor(model: Any) -> None:
    model.graph.sparse_initializer.add().values.CopyFrom(outside())


def by_location_only(model: Any) -> None:
    model.graph.initializer.add(name="w", data_location=types.EXTERNAL)


@pytest.mark.parametrize(
    "hide",
    [
        lambda m: m.graph.initializer.append(outside()),
        by_location_only,
        in_a_constant,
        in_a_sparse_tensor,
    ],
)
def test_data_in_another_file_is_refused(colour_graph: Any, hide: Callable[[Any], object]) -> None:
    with pytest.raises(BundleError, match="keeps data in another file"):
        check_graph(changed(colour_graph, hide))


def a_loop(model: Any) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["n", "c"], ["w"], body=body))


def a_function(model: Any) -> None:
    model.functions.append(helper.make_function("own", "F", [], ["w"], [], []))


def a_weight(value: float) -> Callable[[Any], object]:
    return lambda m: m.graph.initializer.append(helper.make_tensor("w", types.FLOAT, [2], [0, value]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (a_loop, "a branch or a loop"),
        (a_function, "functions of its own"),
        (lambda m: m.training_info.add().algorithm.SetInParent(), "a graph for training"),
        (lambda m: setattr(m.graph.node[0], "domain", "com.microsoft"), "an operator that is not ONNX's own"),
        (a_weight(float("nan")), "not a finite number"),
        (a_weight(float("inf")), "not a finite number"),
        (
            lambda m: m.graph.initializer.add(data_type=types.FLOAT16, raw_data=b"\x00\x7c"),  # infinity
            "not a finite number",
        ),
    ],
)
def test_what_no_network_of_ours_holds_is_refused(
    colour_graph: Any, change: Callable[[Any], object], reason: str
) -> None:
    with pytest.raises(BundleError, match=reason):
        check_graph(changed(colour_graph, change))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.graph.initializer.add().dims.extend([1] * 1_000_001),
        lambda m: m.graph.input[0].type.tensor_type.shape.ParseFromString(b"\x0a\x00" * 1_000_001),
    ],
    ids=["in a tensor", "in a shape"],
)
def test_a_flood_of_fields_is_refused(colour_graph: Any, change: Callable[[Any], object]) -> None:
    with pytest.raises(BundleError, match="more than 1000000 fields"):
        check_graph(changed(colour_graph, change))


def test_of_a_field_given_twice_the_last_counts(colour_graph: Any) -> None:
    """As in protobuf, which also joins two parts of one graph: here the second has the input, with two names."""
    value = colour_graph.graph.input[0].SerializeToString() + b"\x0a\x03els"
    part = bytes([11 << 3 | 2, len(value)]) + value
    graph = changed(colour_graph, lambda m: m.graph.ClearField("input")) + bytes([7 << 3 | 2, len(part)]) + part
    assert onnx.load_from_string(graph).graph.input[0].name == "els"
    with pytest.raises(BundleError, match="its input is els uint8"):
        check_graph(graph)


@pytest.mark.parametrize("data", [b"", b"not a graph", bytes(64), b"\x80\x04K\x01."])
def test_what_is_not_onnx_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        check_graph(data)
