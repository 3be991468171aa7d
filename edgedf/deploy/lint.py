"""A linter for TensorRT's Q/DQ rules: what its parser refuses, and what makes INT8 slower than FP16.

The rules are those of the TensorRT 10 and 11 documentation ("Explicit quantization"); each finding names the node.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.extras import need
from edgedf.nn.quantisation import THIN

QUANTIZE, DEQUANTIZE = "QuantizeLinear", "DequantizeLinear"
WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
ACTIVATIONS = ("Relu", "Clip", "LeakyRelu", "Sigmoid")
INT8, UINT8 = 3, 2  # TensorProto.DataType


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    Attributes:
        rule: Its name, a key of `RULES`.
        node: Name of the node that breaks it.
        text: What is wrong.
    """

    rule: str
    node: str
    text: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.rule}: {self.node}: {self.text}"


class Graph:
    """An ONNX graph with its edges in both directions."""

    def __init__(self, model: bytes) -> None:
        onnx = need("onnx", "export")
        graph = onnx.load_from_string(model).graph
        self.nodes: list[Any] = list(graph.node)
        self.constants = {one.name: one for one in graph.initializer}
        self.constants |= {n.output[0]: n.attribute[0].t for n in self.nodes if n.op_type == "Constant"}
        self.outputs = {one.name for one in graph.output}
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.users: dict[str, list[Any]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.users[name].append(node)
        self._to_array = onnx.numpy_helper.to_array

    def of(self, *types: str) -> Iterator[Any]:
        """Nodes of some types."""
        return (node for node in self.nodes if node.op_type in types)

    def constant(self, name: str) -> NDArray[Any] | None:
        """The value of a constant tensor."""
        found = self.constants.get(name)
        return None if found is None else np.asarray(self._to_array(found))

    def made_by(self, name: str, *types: str) -> bool:
        """Whether a tensor comes from a node of one of these types."""
        return name in self.maker and self.maker[name].op_type in types

    def source(self, name: str) -> str:
        """The tensor before all Q/DQ nodes."""
        while self.made_by(name, QUANTIZE, DEQUANTIZE):
            name = self.maker[name].input[0]
        return name

    def weight(self, name: str) -> bool:
        """Whether a tensor is a constant, as it is or behind Q/DQ."""
        return self.source(name) in self.constants


Check = Callable[[Graph], Iterator[tuple[Any, str]]]


def lint(model: bytes) -> list[Finding]:
    """Every broken rule of a Q/DQ graph, in the order of `RULES`."""
    graph = Graph(model)
    return [Finding(rule, node.name, text) for rule, check in RULES.items() for node, text in check(graph)]


def _zero_points(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(QUANTIZE, DEQUANTIZE):
        if len(node.input) > 2 and node.input[2]:
            value = graph.constant(node.input[2])
            if value is None or value.any():
                yield node, "its zero point is not a constant 0"


def _scales(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(QUANTIZE, DEQUANTIZE):
        scale = graph.constant(node.input[1])
        if scale is None or not (np.isfinite(scale) & (scale > 0)).all():
            yield node, "its scale is not a constant above 0"


def _types(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(QUANTIZE, DEQUANTIZE):
        names = [name for name in (*node.input[::2], *node.output) if name in graph.constants]
        if any(graph.constants[name].data_type == UINT8 for name in names):
            yield node, "it holds UINT8, TensorRT takes INT8"


def _biases(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(*WEIGHTED):
        if len(node.input) > 2 and graph.made_by(node.input[2], DEQUANTIZE):
            yield node, "its bias is quantised, TensorRT wants it in floating point"


def _per_tensor_activations(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(QUANTIZE, DEQUANTIZE):
        scale = graph.constant(node.input[1])
        if scale is not None and scale.size > 1 and not graph.weight(node.input[0]):
            yield node, "it has a scale for each channel of an activation"


def _weight_axis(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of("Conv"):
        quantised = graph.maker.get(node.input[1])
        if quantised is None or quantised.op_type != DEQUANTIZE:
            continue
        scale = graph.constant(quantised.input[1])
        axis = next((a.i for a in quantised.attribute if a.name == "axis"), 1)
        if scale is not None and scale.size > 1 and axis != 0:
            yield node, f"its weights have a scale for each slice of axis {axis}, not of the output channels"


def _pairs(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(QUANTIZE):
        others = [user for user in graph.users[node.output[0]] if user.op_type != DEQUANTIZE]
        if others or node.output[0] in graph.outputs:
            yield node, "what it quantises is used without a DequantizeLinear"


def _activation_first(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of(*WEIGHTED):
        for user in graph.users[node.output[0]]:
            if user.op_type != QUANTIZE:
                continue
            behind = [late for mid in graph.users[user.output[0]] for name in mid.output for late in graph.users[name]]
            if any(late.op_type in ACTIVATIONS for late in behind):
                yield node, "it is quantised before its activation, which keeps the two from fusing"


def _shortcuts(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of("Add"):
        sides = [name for name in node.input if not graph.weight(name)]
        if len(sides) < 2 or not any(_quantised_path(graph, name) for name in sides):
            continue
        if sum(graph.made_by(name, DEQUANTIZE) for name in sides) != 1:
            yield node, "of its two inputs just the shortcut is to be quantised"


def _quantised_path(graph: Graph, name: str) -> bool:
    """Whether a tensor comes straight from a convolution of quantised inputs."""
    node = graph.maker.get(name)
    return node is not None and node.op_type == "Conv" and graph.made_by(node.input[0], DEQUANTIZE)


def _concat_scales(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of("Concat"):
        makers = [graph.maker.get(name) for name in node.input]
        scales = [graph.constant(m.input[1]) for m in makers if m is not None and m.op_type == DEQUANTIZE]
        known = {float(scale.flat[0]) for scale in scales if scale is not None}
        if scales and (len(known) > 1 or len(scales) < len(makers)):
            yield node, "its inputs do not share one scale"


def _thin(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of("Conv", "Gemm"):
        made = graph.maker.get(node.input[1])
        if made is None or made.op_type != DEQUANTIZE:
            continue
        source = graph.source(node.input[1])
        shape = graph.constants[source].dims if source in graph.constants else (THIN, THIN)
        groups = next((a.i for a in node.attribute if a.name == "group"), 1)
        if min(shape[0], shape[1] * groups) < THIN:
            yield node, f"it is quantised with fewer than {THIN} channels, which is slower than FP16"


def _head(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.nodes:
        if graph.outputs.intersection(node.output) and any(graph.made_by(name, DEQUANTIZE) for name in node.input):
            yield node, "it makes an output from quantised inputs: leave the head in floating point"


def _half_leftovers(graph: Graph) -> Iterator[tuple[Any, str]]:
    for node in graph.of("Conv", "Gemm", "MatMul"):
        constant = graph.constants.get(node.input[1])
        if constant is not None and constant.data_type == 1 and any(graph.of(QUANTIZE)):
            yield node, "it is neither INT8 nor FP16: float leftovers make INT8 slower than FP16"


RULES: dict[str, Check] = {
    "zero-point": _zero_points,
    "scale": _scales,
    "type": _types,
    "bias": _biases,
    "per-tensor-activation": _per_tensor_activations,
    "weight-axis": _weight_axis,
    "pair": _pairs,
    "activation-first": _activation_first,
    "shortcut": _shortcuts,
    "concat-scale": _concat_scales,
    "thin": _thin,
    "head": _head,
    "half": _half_leftovers,
}
