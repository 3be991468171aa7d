"""The reading of ONNX files: agrees with the onnx package, and refuses another contract or hidden files."""

import copy
from collections.abc import Callable
from typing import Any

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


def in_a_branch(model: Any) -> None:
    branch = helper.make_graph([], "branch", [], [], [outside()])
    model.graph.node.append(helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch))


def in_a_function(model: Any) -> None:
    node = helper.make_node("Constant", [], ["w"], value=outside())
    model.functions.append(helper.make_function("own", "F", [], ["w"], [node], []))


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
        in_a_branch,
        in_a_function,
        in_a_sparse_tensor,
    ],
)
def test_data_in_another_file_is_refused(colour_graph: Any, hide: Callable[[Any], object]) -> None:
    with pytest.raises(BundleError, match="keeps data in another file"):
        check_graph(changed(colour_graph, hide))


@pytest.mark.parametrize("data", [b"", b"not a graph", bytes(64), b"\x80\x04K\x01."])
def test_what_is_not_onnx_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        check_graph(data)
