"""Reads just enough of an ONNX file to refuse it: another input or output, or what no network of edgedf holds.

ONNX Runtime may look for external data in the working directory even when a model is given as bytes, operators of other
domains may open files, and a loop need not end. Field numbers are those of onnx.proto3; reading them here spares the
`onnx` package.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from edgedf.errors import BundleError
from edgedf.runtime.protobuf import Message, fields, integers, messages

INPUT = "pixels"
OUTPUTS = ("logit", "attention", "embedding")

_TYPES = {1: "float32", 2: "uint8"}  # TensorProto.DataType
_INPUTS = ["pixels uint8 (N, 256, 256, 3)"]
_RANKS = ["logit float32 rank 2", "attention float32 rank 3", "embedding float32 rank 2"]

# Which fields of a message lead to what is looked at here, and what each of them holds.
_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 10: "tensor", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "value": {2: "type"},
    "type": {1: "tensor type"},
    "tensor type": {2: "shape"},
    "shape": {1: "dimension"},
    "dimension": {},
}
_REFUSED: Mapping[tuple[str, int], str] = {
    ("model", 20): "holds a graph for training",
    ("model", 25): "defines functions of its own",
    ("attribute", 6): "holds a branch or a loop",
    ("attribute", 11): "holds a branch or a loop",
    ("tensor", 13): "keeps data in another file",
    ("tensor", 14): "keeps data in another file",
}
_DOMAINS = (b"", b"ai.onnx")
_FLOATS = {1: np.float32, 10: np.float16, 11: np.float64}  # TensorProto.DataType of raw data
MOST_FIELDS = 1_000_000  # a large teacher has a hundredth


def check_graph(model: bytes) -> None:
    """Makes sure that an ONNX file keeps the contract of a bundle and holds all its data, finite.

    Raises:
        BundleError: It does not, or is not ONNX.
    """
    try:
        _check_content(memoryview(model))
        _check_values(memoryview(model))
    except ValueError as error:
        raise BundleError(f"it is not an ONNX graph ({error})") from error


def _check_content(model: Message) -> None:
    tensors: list[Message] = []
    for seen, (kind, number, value) in enumerate(_walk(model)):
        if seen == MOST_FIELDS:
            raise ValueError(f"more than {MOST_FIELDS} fields")
        if value and (what := _REFUSED.get((kind, number))):
            raise BundleError(f"it {what}; do not trust this bundle")
        if kind == "node" and number == 7 and (not isinstance(value, memoryview) or bytes(value) not in _DOMAINS):
            raise BundleError("it uses an operator that is not ONNX's own; do not trust this bundle")
        if isinstance(value, memoryview) and _CHILDREN[kind].get(number) == "tensor":
            tensors.append(value)
    for tensor in tensors:  # only now that their fields are counted
        _check_numbers(tensor)


def _walk(model: Message) -> Iterator[tuple[str, int, int | Message]]:
    """Every field of every message that is looked at: kind of message, number and value."""
    pending = [("model", model)]
    while pending:  # a stack of our own: nesting in a hostile file has no limit
        kind, message = pending.pop()
        for number, value in fields(message):
            yield kind, number, value
            if isinstance(value, memoryview) and number in _CHILDREN[kind]:
                pending.append((_CHILDREN[kind][number], value))


def _check_numbers(tensor: Message) -> None:
    raw = _FLOATS.get(next(reversed(integers(tensor, 2)), 0))
    stored = {4: np.float32, 10: np.float64} | ({9: raw} if raw else {})  # float_data, double_data, raw_data
    for number, dtype in stored.items():
        if not all(np.isfinite(np.frombuffer(values, dtype)).all() for values in messages(tensor, number)):
            raise BundleError("it holds a weight that is not a finite number: export it again")


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
    name = bytes(next(reversed(messages(value, 1)), b"")).decode()  # of a field given twice, protobuf takes the last
    tensors = [tensor for kind in messages(value, 2) for tensor in messages(kind, 1)]
    dtype = "".join(_TYPES.get(code, f"type {code}") for tensor in tensors for code in integers(tensor, 1))
    dims = [dim for tensor in tensors for shape in messages(tensor, 2) for dim in messages(shape, 1)]
    sizes = [_size(dim) for dim in dims]
    return f"{name} {dtype} ({', '.join(sizes)})", f"{name} {dtype} rank {len(dims)}"


def _size(dim: Message) -> str:
    """A number, or N where it is a name or nothing."""
    number, value = next(reversed([field for field in fields(dim) if field[0] in (1, 2)]), (2, 0))
    return str(value) if number == 1 else "N"


def _listed(values: list[tuple[str, str]]) -> str:
    return ", ".join(text for text, _ in values) or "missing"
