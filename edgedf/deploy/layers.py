"""The layers of an ONNX graph that INT8 is for: its wide convolutions."""

from typing import Any, NamedTuple

from edgedf.extras import need
from edgedf.nn.quantisation import THIN


def layers(model: Any) -> list[Any]:
    """Nodes of the convolutions with no fewer than `THIN` channels on either side, in order of computation."""
    shapes = {one.name: tuple(one.dims) for one in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    return [node for node in convolutions if _wide(node, shapes.get(node.input[1], ()))]


def layer_names(graph: bytes) -> list[str]:
    """Names of these layers in an ONNX file."""
    return [node.name for node in layers(need("onnx", "export").load_from_string(graph))]


class Window(NamedTuple):
    """What a convolution reads for one of its outputs.

    Attributes:
        kernel: Height and width.
        strides: Likewise.
        pads: Above, left, below, right.
        groups: Of channels.
    """

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: tuple[int, ...]
    groups: int


def window(node: Any) -> Window | None:
    """The window of a convolution; None where it is dilated or padded automatically."""
    lists = {one.name: tuple(one.ints) for one in node.attribute}
    automatic = any(one.name == "auto_pad" and one.s not in (b"", b"NOTSET") for one in node.attribute)
    if automatic or not lists.get("kernel_shape") or set(lists.get("dilations", ())) - {1}:
        return None
    return Window(lists["kernel_shape"], lists.get("strides", (1, 1)), lists.get("pads", (0, 0, 0, 0)), _groups(node))


def _wide(node: Any, shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and min(shape[0], shape[1] * _groups(node)) >= THIN


def _groups(node: Any) -> int:
    return next((one.i for one in node.attribute if one.name == "group"), 1)
