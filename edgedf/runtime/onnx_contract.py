"""Reads just enough of an ONNX file to refuse it: another input or output, or data outside the file.

ONNX Runtime may look for external data in the working directory even when a model is given as bytes. Field
numbers are those of onnx.proto3; reading them here spares the `onnx` package.
"""

from collections.abc import Mapping

from edgedf.errors import BundleError
from edgedf.runtime.protobuf import Message, fields, integers, messages

INPUT = "pixels"
OUTPUTS = ("logit", "attention", "embedding")

_TYPES = {1: "float32", 2: "uint8"}  # TensorProto.DataType
_INPUTS = ["pixels uint8 (N, 256, 256, 3)"]
_RANKS = ["logit float32 rank 2", "attention float32 rank 3", "embedding float32 rank 2"]

# Which fields of a message lead to tensors, and what each of them holds.
_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}


def check_graph(model: bytes) -> None:
    """Makes sure that an ONNX file keeps the contract of a bundle and holds all its data.

    Raises:
        BundleError: It does not, or is not ONNX.
    """
    try:
        _check_values(memoryview(model))
        outside = _has_external_data(memoryview(model))
    except ValueError as error:
        raise BundleError(f"it is not an ONNX graph ({error})") from error
    if outside:
        raise BundleError("it keeps data in another file; do not trust this bundle")


def _check_values(model: Message) -> None:
    graphs = messages(model, 7)
    inputs = [_described(value) for graph in graphs for value in messages(graph, 11)]
    outputs = [_described(value) for graph in graphs for value in messages(graph, 12)]
    if [text for text, _ in inputs] != _INPUTS:
        raise BundleError(f"its input is {_listed(inputs)}, not {_INPUTS[0]}: export it again")
    if [text for _, text in outputs] != _RANKS:
        raise BundleError(f"its outputs are {_listed(outputs)}, not {', '.join(OUTPUTS)}: export it again")


def _described(value: Message) -> tuple[str, str]:
    """A ValueInfoProto in words: with its shape, and with its rank only."""
    name = bytes(b"".join(messages(value, 1))).decode()
    tensors = [tensor for kind in messages(value, 2) for tensor in messages(kind, 1)]
    dtype = "".join(_TYPES.get(code, f"type {code}") for tensor in tensors for code in integers(tensor, 1))
    dims = [dim for tensor in tensors for shape in messages(tensor, 2) for dim in messages(shape, 1)]
    sizes = [str(size[0]) if (size := integers(dim, 1)) else "N" for dim in dims]
    return f"{name} {dtype} ({', '.join(sizes)})", f"{name} {dtype} rank {len(dims)}"


def _listed(values: list[tuple[str, str]]) -> str:
    return ", ".join(text for text, _ in values) or "missing"


def _has_external_data(model: Message) -> bool:
    pending = [("model", model)]
    while pending:  # a stack of our own: nesting in a hostile file has no limit
        kind, message = pending.pop()
        for number, value in fields(message):
            if kind == "tensor" and (number == 13 or (number == 14 and value == 1)):
                return True
            if isinstance(value, memoryview) and number in _CHILDREN[kind]:
                pending.append((_CHILDREN[kind][number], value))
    return False
