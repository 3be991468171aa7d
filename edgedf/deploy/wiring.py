"""How the nodes of an ONNX graph hang together, Q/DQ pairs and activations folded into the layers around them."""

import math
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from edgedf.errors import InputError
from edgedf.extras import need

WEIGHTED = ("Conv", "Gemm", "MatMul")
PAIR = ("QuantizeLinear", "DequantizeLinear")
ACTIVATIONS = ("Relu", "Clip", "Sigmoid", "HardSigmoid", "LeakyRelu", "Tanh")  # that runtimes compute in a convolution


class Constant(NamedTuple):
    """A tensor that is the same for every face, as it is stored.

    Attributes:
        name: Of the initializer.
        shape: Sizes of its axes.
        element: ONNX's number of its element type.
    """

    name: str
    shape: tuple[int, ...]
    element: int

    @classmethod
    def of(cls, tensor: Any) -> "Constant":
        """Of an initializer, or of a node's attribute."""
        return cls(tensor.name, tuple(tensor.dims), tensor.data_type)


class Wiring:
    """The layers of a graph by their name, in order of computation.

    Attributes:
        layers: Node of each.

    Raises:
        InputError: The graph does not tell the shape of a tensor.
    """

    def __init__(self, graph: bytes, float_bytes: int, int8: Collection[str]) -> None:
        self._onnx = need("onnx", "export")
        model = self._onnx.shape_inference.infer_shapes(self._onnx.load_from_string(graph))
        self._float_bytes, self._int8 = float_bytes, int8
        self._constants = {one.name: Constant.of(one) for one in model.graph.initializer}
        self._types = {
            one.name: one.type.tensor_type for one in (*model.graph.input, *model.graph.value_info, *model.graph.output)
        }
        self._outputs = {one.name for one in model.graph.output}
        nodes = [node for node in model.graph.node if not self._fold_constant(node)]
        self._made_by = {name: node for node in nodes for name in node.output}
        self._readers: dict[str, list[Any]] = {}
        for node in nodes:
            for name in dict.fromkeys(node.input):
                self._readers.setdefault(name, []).append(node)
        self.layers: dict[str, Any] = {}
        self._owner: dict[str, str] = {}  # layer of each layer and folded activation
        for node in nodes:
            if node.op_type not in PAIR:
                owner = self._folds_into(node) or _name(node)
                self._owner[_name(node)] = owner
                self.layers.setdefault(owner, node)

    def is_constant(self, tensor: str) -> bool:
        """Whether a tensor is the same for every face."""
        return tensor in self._constants

    def is_int8(self, layer: str) -> bool:
        """Whether a layer multiplies 8-bit integers."""
        node = self.layers[layer]
        if layer in self._int8:
            return True
        pairs = [self._element(self._stored(name)) for name in node.input[:2]] if node.op_type in WEIGHTED else []
        return len(pairs) == 2 and all(one in _bytes_types(self._onnx) for one in pairs)

    def weight_name(self, layer: str) -> str:
        """Name of a layer's weights; empty where it multiplies two activations."""
        name = self.layers[layer].input[1]
        return self._constants[name].name if name in self._constants else ""

    def macs(self, layer: str) -> int:
        """Multiply-accumulates of a layer for one face."""
        node = self.layers[layer]
        if node.op_type not in WEIGHTED:
            return 0
        shape = self._shape(node.input[1])
        places = math.prod(self._shape(node.output[0]))
        if node.op_type == "Conv":  # weights (outputs, inputs of a group, height, width)
            return places * math.prod(shape[1:])
        transposed = any(one.name == "transB" and one.i for one in node.attribute)
        return places * shape[-1 if transposed else -2]

    def constant_bytes(self, tensor: str, layer: str) -> int:
        """Size of a layer's constant."""
        weights = layer in self._int8 and tensor == self.layers[layer].input[1]
        return math.prod(self._shape(tensor)) * (1 if weights else self._bytes(self._constants[tensor].element))

    def tensor_bytes(self, tensor: str) -> int:
        """Size of an activation of one face, as it is stored."""
        ends = [self._maker(tensor), *(self._owner.get(_name(one), "") for one in self._readers.get(tensor, []))]
        size = 1 if set(ends).intersection(self._int8) else self._bytes(self._element(self._stored(tensor)))
        return math.prod(self._shape(tensor)) * size

    def gives(self, layer: str) -> list[str]:
        """Tensors that a layer gives, those of the activation where one is folded in."""
        node = self.layers[layer]
        return list((self._folded(node) or node).output)

    def sources(self, layer: str) -> list[str]:
        """Layers whose tensors a layer reads, in order of its inputs."""
        return [maker for name in self.layers[layer].input if (maker := self._maker(name))]

    def places(self) -> dict[str, str]:
        """The layer of every node and tensor, by their names."""
        found: dict[str, str] = {}
        for tensor, node in self._made_by.items():
            owner = self._owner.get(_name(node)) or self._beside(node)
            found |= {tensor: owner, _name(node): owner}
        return found

    def _fold_constant(self, node: Any) -> bool:
        """Notes what a node gives if that is constant: a weight behind its pair is the weight as it is stored."""
        if node.op_type == "Constant":
            for one in (one for one in node.attribute if one.name == "value"):
                self._constants[node.output[0]] = Constant.of(one.t)
        elif node.op_type in PAIR and (before := self._constants.get(node.input[0])):
            if node.op_type == "QuantizeLinear":  # weights in floating point, whose pair a runtime computes at once
                zero = self._constants[node.input[2]].element if len(node.input) > 2 else self._onnx.TensorProto.UINT8
                before = before._replace(element=zero)
            self._constants[node.output[0]] = before
        return node.op_type == "Constant" or node.output[0] in self._constants

    def _folds_into(self, node: Any) -> str:
        """The layer that an activation is folded into."""
        before = self._made_by.get(node.input[0]) if node.input else None
        return self._owner[_name(before)] if before is not None and self._folded(before) is node else ""

    def _folded(self, node: Any) -> Any:
        """The activation that alone reads what a node with weights gives; None where there is no such."""
        if node.op_type not in WEIGHTED or node.output[0] in self._outputs:
            return None
        readers = self._readers.get(node.output[0], [])
        follows = len(readers) == 1 and readers[0].op_type in ACTIVATIONS
        return readers[0] if follows else None

    def _maker(self, tensor: str) -> str:
        """The layer that a tensor comes from; empty for the input and constants."""
        node = self._made_by.get(tensor)
        while node is not None and node.op_type in PAIR:
            node = self._made_by.get(node.input[0])
        return "" if node is None else self._owner[_name(node)]

    def _beside(self, pair: Any) -> str:
        """The layer that a half of a pair works for: what it reads is quantised, what it gives is dequantised."""
        if pair.op_type == "QuantizeLinear" and (maker := self._maker(pair.input[0])):
            return maker
        return next(self._behind(pair), self._maker(pair.input[0]))

    def _behind(self, node: Any) -> Iterator[str]:
        """Layers that read what a half of a pair gives."""
        for reader in self._readers.get(node.output[0], []):
            if reader.op_type in PAIR:
                yield from self._behind(reader)
            else:
                yield self._owner[_name(reader)]

    def _stored(self, tensor: str) -> str:
        """The tensor that stands in memory for this one: behind the pair that it comes from or goes into."""
        node, readers = self._made_by.get(tensor), self._readers.get(tensor, [])
        if node is not None and node.op_type == "DequantizeLinear":
            return str(node.input[0])
        if readers and tensor not in self._outputs and all(one.op_type == "QuantizeLinear" for one in readers):
            return str(readers[0].output[0])
        return tensor

    def _element(self, tensor: str) -> int:
        """ONNX's number of an element type."""
        constant = self._constants.get(tensor)
        return int(self._type(tensor).elem_type) if constant is None else constant.element

    def _bytes(self, element: int) -> int:
        if element == self._onnx.TensorProto.FLOAT:
            return self._float_bytes
        return int(self._onnx.helper.tensor_dtype_to_np_dtype(element).itemsize)

    def _shape(self, tensor: str) -> tuple[int, ...]:
        """Sizes of the axes; the one that is not fixed is the batch, which is 1."""
        if tensor in self._constants:
            return self._constants[tensor].shape
        return tuple(axis.dim_value or 1 for axis in self._type(tensor).shape.dim)

    def _type(self, tensor: str) -> Any:
        if tensor not in self._types:
            raise InputError(f"the shape of {tensor} cannot be told from the graph: export it anew")
        return self._types[tensor]


def _name(node: Any) -> str:
    """Name of a node, which ONNX lets be empty."""
    return str(node.name or node.output[0])


def _bytes_types(onnx: Any) -> tuple[int, int]:
    return onnx.TensorProto.INT8, onnx.TensorProto.UINT8
