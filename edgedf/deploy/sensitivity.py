"""Which layers INT8 hurts, and the fewest to leave in floating point."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.deploy.calibration import Statistics
from edgedf.deploy.dialects import quantised
from edgedf.deploy.layers import layer_names
from edgedf.metrics import sigmoid
from edgedf.nn.quantisation import Dialect
from edgedf.runtime.backends import load_backend, run_in_batches
from edgedf.runtime.engine import cpus


class Effect(NamedTuple):
    """What INT8 in one layer alone does.

    Attributes:
        layer: Name of the node.
        change: Mean change of the score.
    """

    layer: str
    change: float


def effects(graph: bytes, statistics: Statistics, dialect: Dialect, crops: NDArray[np.uint8]) -> list[Effect]:
    """The effect of each layer on some crops (N, 256, 256, 3), in ONNX Runtime, the worst first."""
    names = layer_names(graph)

    def scores(model: bytes) -> NDArray[np.float64]:
        return sigmoid(run_in_batches(load_backend("onnxruntime", model, cpus()), crops).logit[:, 0])

    before = scores(graph)
    found = []
    for name in progress(names, "sensitivity"):
        others = [other for other in names if other != name]
        moved = scores(quantised(graph, statistics, dialect, others))
        found.append(Effect(name, float(np.abs(moved - before).mean())))
    return sorted(found, key=lambda effect: -effect.change)


def fewest_float(ranked: list[Effect], passes: Callable[[list[str]], bool]) -> list[str] | None:
    """The shortest beginning of the ranking that is enough, found by doubling and then halving the gap.

    Args:
        ranked: The worst layer first.
        passes: Whether it is enough to leave these layers in floating point.

    Returns:
        The layers to leave; None if not even all but one are enough.
    """
    names = [effect.layer for effect in ranked]
    low, high = 0, min(1, len(names) - 1)
    while not passes(names[:high]):
        if high >= len(names) - 1:
            return None
        low, high = high, min(2 * high, len(names) - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(names[:middle]) else (middle, high)
    return names[:high]
