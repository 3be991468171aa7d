"""The first layer at which an artefact departs from its FP32 graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedf.deploy.difference import difference
from edgedf.deploy.inner import Inner, InnerOnnx

DEQUANTISED = "_DequantizeLinear_Output"  # ONNX Runtime's quantiser appends it to the name of a tensor
# Largest relative error of a sound layer. In INT8 those of the student have up to .1, with halves up to .003.
INT8_BOUND, FLOAT_BOUND = 0.2, 0.02
CROPS = 4  # all inner tensors of these are in memory at once


@dataclass(frozen=True)
class Departure:
    """Where an artefact departs.

    Attributes:
        layer: Node of the FP32 graph; where nodes were fused, the first of them.
        error: Root mean square of the difference in what it gives, relative to FP32's; not a number where that has
            such.
    """

    layer: str
    error: float


def first_departure(graph: bytes, artefact: Inner, crops: NDArray[np.uint8], bound: float) -> Departure | None:
    """The first node in order of computation that gives something else than in FP32; None for none.

    Args:
        graph: FP32 ONNX file.
        artefact: Made from it.
        crops: uint8 (N, 256, 256, 3), of which the first `CROPS` are run.
        bound: Largest relative error that is none.
    """
    reference = InnerOnnx(graph)
    there = artefact.made_by
    # Behind its Q/DQ pair, where there is one: a tensor before it may lack its ReLU, which quantisation to bytes does.
    pairs = {name: read for name in reference.made_by for read in (name, name + DEQUANTISED) if read in there}
    expected, found = reference.reader(pairs)(crops[:CROPS]), artefact.reader(set(pairs.values()))(crops[:CROPS])
    for name, read in pairs.items():
        error = difference(name, expected[name], found[read]).relative
        if not error <= bound:  # not >: what is not a number departs too
            maker = there.get(name, "")
            return Departure(maker if maker in reference.made_by.values() else reference.made_by[name], error)
    return None
