"""Moments of what each layer reads: they tell which errors of its weights matter."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.deploy.layers import Window, layers, window
from edgedf.extras import need
from edgedf.runtime.onnx_contract import INPUT

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
    onnx = need("onnx", "export")
    model = onnx.load_from_string(graph)
    wanted = {node.name: (node.input[0], place) for node in layers(model) if (place := window(node))}
    wanted = {name: (tensor, place) for name, (tensor, place) in wanted.items() if place.groups == 1}
    session, tensors = _session(onnx, model, {tensor for tensor, _ in wanted.values()})
    random = np.random.default_rng(0)
    sums: dict[str, tuple[Any, Any]] = {}
    starts = range(0, len(crops), BATCH)
    for start in progress(starts, "moments"):
        values = dict(zip(tensors, session.run(tensors, {INPUT: crops[start : start + BATCH]}), strict=True))
        for name, (tensor, place) in wanted.items():
            rows = _windows(values[tensor], place, random)
            mean, second = sums.get(name, (0, 0))
            sums[name] = mean + rows.mean(0), second + rows.T @ rows / len(rows)
    return {name: Moments(mean / len(starts), second / len(starts)) for name, (mean, second) in sums.items()}


def _session(onnx: Any, model: Any, tensors: set[str]) -> tuple[Any, list[str]]:
    """A session that gives some inner tensors, and their names in its order."""
    ort = need("onnxruntime", "export")
    there = {one.name for one in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(tensors - there))
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]), sorted(tensors)


def _windows(values: NDArray[np.float32], place: Window, random: np.random.Generator) -> NDArray[np.float32]:
    """Some of the windows (ROWS, K) of a tensor (N, C, H, W)."""
    top, left, bottom, right = place.pads
    padded = np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)))
    views = np.lib.stride_tricks.sliding_window_view(padded, place.kernel, (2, 3))
    views = views[:, :, :: place.strides[0], :: place.strides[1]]
    at = [random.integers(views.shape[axis], size=ROWS) for axis in (0, 2, 3)]
    return views[at[0], :, at[1], at[2]].reshape(ROWS, -1)
