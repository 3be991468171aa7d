"""ncnn: a student as a `.param` text and its weights as a `.bin` file, written layer by layer.

ncnn's own converter has nothing for INT8, and the tool that quantises what it gives is in no package; a student has
few kinds of nodes. Of a graph with Q/DQ pairs, each convolution between them becomes one of INT8.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from edgedf.deploy.layers import window
from edgedf.deploy.lint import DEQUANTIZE, QUANTIZE, Graph
from edgedf.errors import InputError
from edgedf.runtime.ncnn_contract import BYTES, HALF, OPERATORS, PIXELS, REDUCTIONS, REQUANTISED, SQUEEZE
from edgedf.runtime.ncnn_text import Layer, Values, write_layers
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

PLACES = np.arange(256 * 256 * 3)  # of the bytes of a crop


class Ncnn(NamedTuple):
    """The two files of a network."""

    model: bytes
    weights: bytes


def ncnn_from_onnx(graph: bytes) -> Ncnn:
    """Converts an ONNX file, without Q/DQ pairs or with those of symmetric int8; other weights are stored as FP16.

    Raises:
        MissingExtraError: The packages of the `export` extra are missing.
        InputError: The graph has a node that no student has.
    """
    writer = _Writer(Graph(graph))
    return Ncnn(write_layers(_split(writer.layers)), b"".join(writer.weights))


class _Writer:
    """Goes through the nodes of a graph in order of computation.

    Attributes:
        layers: As if a tensor could be read more than once.
        weights: Parts of the `.bin` file.
    """

    def __init__(self, graph: Graph) -> None:
        self.layers, self.weights = [PIXELS], list[bytes]()
        self._graph = graph
        self._moved: dict[str, NDArray[Any]] = {INPUT: PLACES.reshape(1, 256, 256, 3)}  # where each byte stood
        made: set[str] = set()
        for node in graph.nodes:
            if node.op_type not in (QUANTIZE, DEQUANTIZE) and node.output[0] not in made:
                self._write(node)
                made |= set(self.layers[-1].gives)

    def _write(self, node: Any) -> None:
        if node.input[0] in self._moved:
            self._move(node)
        elif node.op_type == "Conv":
            self._convolution(node)
        elif node.op_type == "Gemm":
            self._inner_product(node)
        else:
            self._add(*_plain(node, self._graph), node, node.output[0])

    def _add(self, kind: str, values: Values, node: Any, gives: str) -> None:
        reads = [self._graph.source(name) for name in node.input if not self._graph.weight(name)]
        self.layers.append(Layer(kind, node.name, reads, [gives], values))

    def _move(self, node: Any) -> None:
        """Bytes on their way to the tensor (1, C, H, W) whose order tells the layer."""
        at, gives = self._moved[node.input[0]], node.output[0]
        if node.op_type == "Reshape":
            self._moved[gives] = at.reshape(self._constant(node.input[1]).tolist())
        elif node.op_type == "Transpose":
            self._moved[gives] = at.transpose(_list(node, "perm"))
        elif node.op_type == "Cast" and (side := at.shape[-1]) in (64, 128, 256) and np.array_equal(at, _patches(side)):
            self.layers.append(Layer("Reorg", node.name, [INPUT], [gives], {0: 256 // side, 1: 1}))
        else:
            _refuse(node)

    def _convolution(self, node: Any) -> None:
        place = window(node)
        if place is None or place.groups > 1 or any(len({*one}) > 1 for one in place[:3]):
            _refuse(node)
        relu = self._only_user(node.output[0], "Relu")
        gives = node.output[0] if relu is None else relu.output[0]
        weights, *bias = (self._constant(name) for name in node.input[1:])
        scales = self._scales(node, gives)
        int8 = 0 if not scales else 1 if len(scales) == 2 else REQUANTISED
        values: Values = {0: len(weights), 1: place.kernel[0], 3: place.strides[0], 4: place.pads[0]}
        values |= {5: 1, 6: weights.size, 8: int8, 9: 0 if relu is None else 1}
        self._add("Convolution", values, node, gives)
        self.weights += [_int8(weights, scales[0]) if scales else _half(weights)]
        self.weights += [_floats(one) for one in (*(bias or [np.zeros(len(weights))]), *scales)]

    def _scales(self, node: Any, gives: str) -> list[NDArray[Any]]:
        """Steps to 1: of the weights, of what is read and, where only a further one reads it, of what is given."""
        makers = [self._graph.maker.get(name) for name in node.input[1::-1]]
        pairs = [pair for pair in makers if pair is not None and pair.op_type == DEQUANTIZE]
        if len(pairs) < len(makers):
            return []
        if (after := self._only_user(gives, QUANTIZE)) and (pair := self._only_user(after.output[0], DEQUANTIZE)):
            pairs += [after] if self._only_user(pair.output[0], "Conv") else []
        return [1 / self._constant(pair.input[1]) for pair in pairs]

    def _inner_product(self, node: Any) -> None:
        if len(node.input) != 3 or [one.i for one in node.attribute if one.name == "transB"] != [1]:
            _refuse(node)
        weights, bias = (self._constant(name) for name in node.input[1:])
        self._add("InnerProduct", {0: len(weights), 1: 1, 2: weights.size}, node, node.output[0])
        self.weights += [_half(weights), _floats(bias)]

    def _constant(self, name: str) -> NDArray[Any]:
        found = self._graph.constant(self._graph.source(name))
        if found is None:
            raise InputError(f"ncnn: {name} is no constant; {INSTEAD}")
        return found

    def _only_user(self, name: str, kind: str) -> Any:
        users = self._graph.users[name]
        return users[0] if len(users) == 1 and users[0].op_type == kind and name not in OUTPUTS else None


def _plain(node: Any, graph: Graph) -> tuple[str, Values]:
    """A layer without weights."""
    kind, constants = node.op_type, [found for name in node.input if (found := graph.constant(name)) is not None]
    numbers, attributes = [one.tolist() for one in constants], {one.name: one.i for one in node.attribute}
    if kind in ALONE:
        return ALONE[kind], {}
    if kind in OPERATORS and not constants:
        return "BinaryOp", {0: OPERATORS[kind]}
    if kind in OPERATORS and constants[0].size == 1 and node.input[1] in graph.constants:
        return "BinaryOp", {0: OPERATORS[kind], 1: 1, 2: float(constants[0])}
    if kind in REDUCTIONS and attributes.get("keepdims") == 0 and numbers in ([[2, 3]], [[-2, -1]]):
        return "Reduction", REDUCTIONS[kind]
    if kind == "Concat" and attributes.get("axis") == 1:
        return "Concat", {0: 0}
    if kind == "Squeeze" and numbers == [[1]]:
        return "Squeeze", SQUEEZE
    _refuse(node)


def _refuse(node: Any) -> NoReturn:
    raise InputError(f"ncnn: no layer for {node.op_type} as {node.name} has it; {INSTEAD}")


def _patches(side: int) -> NDArray[Any]:
    """Where in a crop the numbers of (1, C, side, side) stood: each patch at one position, colour by colour."""
    size = 256 // side
    crop = PLACES.reshape(side, size, side, size, 3)
    return crop.transpose(1, 3, 4, 0, 2).reshape(1, -1, side, side)


def _list(node: Any, name: str) -> list[int]:
    return next(list(one.ints) for one in node.attribute if one.name == name)


def _half(weights: NDArray[Any]) -> bytes:
    return HALF + _filled(weights.astype("<f2").tobytes())


def _int8(weights: NDArray[Any], scale: NDArray[Any]) -> bytes:
    steps = np.round(weights * scale.reshape(-1, *[1] * (weights.ndim - 1)))
    return BYTES + _filled(steps.astype(np.int8).tobytes())


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _floats(values: NDArray[Any]) -> bytes:
    return values.astype("<f4").tobytes()


def _split(layers: Sequence[Layer]) -> list[Layer]:
    """Each tensor is read once: where more layers read it, or one reads an output, they read copies."""
    readers = Counter([*OUTPUTS, *(name for one in layers for name in one.reads)])
    copies = {name: [f"{name}/{i}" for i in range(count)] for name, count in readers.items() if count > 1}
    copies |= {name: [name, *copies[name][1:]] for name in OUTPUTS if name in copies}
    found = []
    for one in layers:
        [gives] = one.gives
        made = f"{gives}/made" if gives in copies and gives in OUTPUTS else gives
        found.append(one._replace(reads=[copies[n].pop() if n in copies else n for n in one.reads], gives=[made]))
        if gives in copies:
            found.append(Layer("Split", f"{gives}/split", [made], list(copies[gives]), {}))
    return found


ALONE = {"Relu": "ReLU", "Sigmoid": "Sigmoid"}
INSTEAD = "it takes students: leave out --target ncnn"
