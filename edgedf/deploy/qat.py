"""Quantisation-aware training: ranges go from calibration into the network, and with it back into the graph.

So the graph that is exported computes what was trained.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from edgedf.deploy.calibration import Range, Statistics
from edgedf.deploy.dialects import pixel_shares
from edgedf.deploy.layers import layers
from edgedf.errors import GateError
from edgedf.extras import need
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import quantised_convs


class _Place(NamedTuple):
    """A range of a fake-quantised convolution, and the tensors of the graph that it is of."""

    reach: Tensor
    tensors: list[str]


def set_ranges(network: Detector, graph: bytes, statistics: Statistics) -> None:
    """Gives each fake-quantised convolution the ranges that calibration found.

    Args:
        network: Fake-quantised; changed in place.
        graph: The ONNX file of the same network in floating point.
        statistics: Of this graph.
    """
    model = _load(graph)
    ranges = statistics.ranges | dict.fromkeys(pixel_shares(model.graph), (0.0, 1.0))
    for place in _places(network, model):
        place.reach.copy_(torch.tensor(ranges[place.tensors[0]]))


def trained_statistics(network: Detector, graph: bytes) -> Statistics:
    """The ranges that a network was trained with, by the graph's tensors.

    There are no moments: the weights are trained to be rounded to the nearest step.
    """
    ranges: dict[str, Range] = {}
    for place in _places(network, _load(graph)):
        low, high = place.reach.tolist()
        ranges |= dict.fromkeys(place.tensors, (low, high))
    return Statistics(ranges, {})


def _places(network: Detector, model: Any) -> list[_Place]:
    readers = {name: node for node in model.graph.node for name in node.input}
    convs, nodes = quantised_convs(network), layers(model)
    if len(convs) != len(nodes):
        raise GateError(f"the graph has {len(nodes)} layers for INT8 and the network was trained with {len(convs)}")
    found = []
    for conv, node in zip(convs, nodes, strict=True):
        before, after = node.output[0], readers[node.output[0]].output[0]  # of the activation
        found += [_Place(conv.reads, [node.input[0]]), _Place(conv.gives, [after, before])]
    return found


def _load(graph: bytes) -> Any:
    return need("onnx", "export").load_from_string(graph)
