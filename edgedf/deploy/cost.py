"""What each layer of an ONNX graph must do: multiply-accumulates, and bytes of weights and activations.

A layer is a node that computes or moves something. Folded into it are Q/DQ pairs, which say only how its tensors are
stored, and the activation that follows a convolution.
"""

from collections.abc import Collection
from typing import NamedTuple

from edgedf.deploy.wiring import WEIGHTED, Wiring
from edgedf.metrics.attainable import INT8, Layer

PIXELS = "pixels"  # stage of what comes before the first weights
VIEWS = ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity")  # other names for the same bytes
FLOAT_BYTES = {"f32": 4, "bf16": 2, "f16": 2}


class Costs(NamedTuple):
    """The layers of a graph.

    Attributes:
        layers: In order of computation.
        places: Name of the layer that each node belongs to and each tensor comes from, by their names.
    """

    layers: list[Layer]
    places: dict[str, str]


def layer_costs(graph: bytes, floating: str = "f32", int8: Collection[str] = ()) -> Costs:
    """The layers of an FP32 graph, or of one with Q/DQ pairs, for one face.

    Args:
        graph: ONNX file.
        floating: What the runtime computes floating-point layers in, a key of `FLOAT_BYTES`.
        int8: Names of layers that are in INT8 without pairs: they read and give bytes.

    Raises:
        InputError: The graph does not tell the shape of a tensor.
        MissingExtraError: The packages of the `export` extra are missing.
    """
    wiring = Wiring(graph, FLOAT_BYTES[floating], int8)
    stages = _stages(wiring)
    layers = [_layer(wiring, name, stages[name], floating) for name in wiring.layers]
    return Costs(layers, wiring.places())


def multiply_accumulates(graph: bytes) -> dict[str, int]:
    """Multiply-accumulates for one crop of each convolution and of the head, by the node's name."""
    return {one.name: one.macs for one in layer_costs(graph).layers if one.macs}


def _layer(wiring: Wiring, name: str, stage: str, floating: str) -> Layer:
    node = wiring.layers[name]
    macs = wiring.macs(name)
    precision = "" if not macs else INT8 if wiring.is_int8(name) else floating
    if node.op_type in VIEWS:
        return Layer(name, node.op_type, stage, precision, macs, 0, 0, 0)
    read = [one for one in dict.fromkeys(node.input) if one]
    return Layer(
        name=name,
        op=node.op_type,
        stage=stage,
        precision=precision,
        macs=macs,
        weight_bytes=sum(wiring.constant_bytes(one, name) for one in read if wiring.is_constant(one)),
        read_bytes=sum(wiring.tensor_bytes(one) for one in read if not wiring.is_constant(one)),
        written_bytes=sum(map(wiring.tensor_bytes, wiring.gives(name))),
    )


def _stages(wiring: Wiring) -> dict[str, str]:
    """The stage of each layer.

    Weights name theirs. A layer without belongs to that of the first weights that it leads to, or else of the last that
    lead to it; before the first weights are `PIXELS`.
    """
    own = {
        name: stage_of(wiring.weight_name(name)) if node.op_type in WEIGHTED else ""
        for name, node in wiring.layers.items()
    }
    sources = {name: wiring.sources(name) for name in own}
    before: dict[str, str] = {}
    for name in own:
        before[name] = own[name] or next((before[one] for one in reversed(sources[name]) if before[one]), "")
    after = dict(own)
    for name in reversed(list(own)):
        for source in sources[name]:
            after[source] = own[source] or after[name] or after[source]
    return {name: own[name] or (before[name] and after[name]) or before[name] or PIXELS for name in own}


def stage_of(weight: str) -> str:
    """The part of a network that a weight belongs to: `model.stages.0.1.fused.weight` is of `stage 1`.

    Empty where the name tells no part.
    """
    part, *rest = weight.removeprefix("model.").split(".")
    if not rest:
        return ""
    return f"{part.removesuffix('s')} {int(rest[0]) + 1}" if rest[0].isdecimal() else part
