"""Moments of what each layer reads: they tell which errors of its weights matter."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.deploy.inner import InnerOnnx
from edgedf.deploy.layers import Window, layers, window
from edgedf.extras import need

BATCH, ROWS = 8, 256  # crops that run at once, and windows that are looked at in each layer of a batch


class Moments(NamedTuple):
    """Of the windows that a layer reads, each K = channels x height x width numbers.

    Attributes:
        mean: `(K,)`.
        second: Mean product of every two, `(K, K)`.
    """

    mean: NDArray[np.float32]
    second: NDArray[np.float32]


def layer_moments(graph: bytes, crops: NDArray[np.uint8]) -> dict[str, Moments]:
    """Moments by layer name on crops (N, 256, 256, 3); grouped convolutions are left out.

    Args:
        graph: FP32 ONNX file.
        crops: To run through it.
    """
    model = need("onnx", "export").load_from_string(graph)
    wanted = {node.name: (node.input[0], place) for node in layers(model) if (place := window(node))}
    wanted = {name: (tensor, place) for name, (tensor, place) in wanted.items() if place.groups == 1}
    read = InnerOnnx(graph).reader({tensor for tensor, _ in wanted.values()})
    random = np.random.default_rng(0)
    sums: dict[str, tuple[Any, Any]] = {}
    starts = range(0, len(crops), BATCH)
    for start in progress(starts, "moments"):
        values = read(crops[start : start + BATCH])
        for name, (tensor, place) in wanted.items():
            rows = drawn_windows(values[tensor], place, random).reshape(ROWS, -1)
            mean, second = sums.get(name, (0, 0))
            sums[name] = mean + rows.mean(0), second + rows.T @ rows / len(rows)
    return {name: Moments(mean / len(starts), second / len(starts)) for name, (mean, second) in sums.items()}


def drawn_windows(values: NDArray[Any], place: Window, random: np.random.Generator, padding: float = 0) -> NDArray[Any]:
    """Some of the windows (ROWS, C, height, width) of a tensor (N, C, H, W), padded by a value."""
    top, left, bottom, right = place.pads
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=padding)
    views = np.lib.stride_tricks.sliding_window_view(padded, place.kernel, (2, 3))
    views = views[:, :, :: place.strides[0], :: place.strides[1]]
    at = [random.integers(views.shape[axis], size=ROWS) for axis in (0, 2, 3)]
    return np.asarray(views[at[0], :, at[1], at[2]])
