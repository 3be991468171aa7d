"""Whether the INT8 convolutions of a graph give the same on CPUs with VNNI and without.

With it a CPU adds products of an unsigned and a signed byte in 32 bits. Without, it adds each two of them in 16
(`pmaddubsw`), and what does not fit is cut to the largest number that does. With weights of -64 to 64 everything fits:
2 * 255 * 64 = 32,640, and 16 bits reach to 32,767.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.deploy.inner import InnerOnnx
from edgedf.deploy.layers import window
from edgedf.deploy.lint import DEQUANTIZE, Graph
from edgedf.deploy.moments import BATCH, drawn_windows

BYTE = 255
INT16 = np.iinfo(np.int16)


class Saturation(NamedTuple):
    """A convolution of which sums of two products may not fit into 16 bits.

    Attributes:
        layer: Name of the node.
        channels: Number of its outputs with two weights that are too large together.
        share: Share of the sums of two products in these that did not fit on some crops; None for a dilated window.
    """

    layer: str
    channels: int
    share: float | None


def saturates(graph: bytes, crops: NDArray[np.uint8]) -> list[Saturation]:
    """Convolutions that could saturate; an empty list proves that none can, whatever the crop.

    Any two weights of an output count as a pair, because each kernel packs them in an order of its own. Only the
    share on the crops takes the order of ONNX Runtime and oneDNN, channels first.

    Args:
        graph: ONNX file with Q/DQ pairs, its weights stored in int8.
        crops: uint8 (N, 256, 256, 3), N of at least 1, to count on.
    """
    opened = Graph(graph)
    found = []
    for node in opened.of("Conv"):
        if opened.made_by(node.input[0], DEQUANTIZE) and opened.made_by(node.input[1], DEQUANTIZE):
            weights = opened.constant(opened.maker[node.input[1]].input[0])
            assert weights is not None, f"{node.name} has weights in floating point before a QuantizeLinear"
            some = np.flatnonzero(_can_overflow(weights.reshape(len(weights), -1)))
            if len(some):
                found.append(Saturation(node.name, len(some), _share(opened, node, weights, some, graph, crops)))
    return found


def cpu_needs(found: Sequence[Saturation]) -> list[str]:
    """What a manifest says an artefact needs."""
    if not found:
        return ["any CPU: no sum of two products can saturate without VNNI"]
    layers = ", ".join(f"{one.layer} ({_words(one.share)})" for one in found)
    return [f"a CPU with VNNI: without it these layers may saturate: {layers}"]


def _words(share: float | None) -> str:
    return "not counted" if share is None else f"{share:.2%} of the sums of two products"


def pair_sums(activations: NDArray[np.uint8], weights: NDArray[np.int8]) -> NDArray[np.int32]:
    """Exact sums (..., K / 2) of each two neighbours' products, of (..., K) by (K,) with K even."""
    products = activations.astype(np.int32) * weights.astype(np.int32)
    return np.asarray(products[..., ::2] + products[..., 1::2])


def pmaddubsw(activations: NDArray[np.uint8], weights: NDArray[np.int8]) -> NDArray[np.int16]:
    """The same as a CPU without VNNI adds them: in 16 bits, saturating."""
    return np.clip(pair_sums(activations, weights), INT16.min, INT16.max).astype(np.int16)


def _can_overflow(weights: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which outputs (O,) have two weights of their (O, K) whose products overflow for some bytes."""
    ordered = np.sort(np.pad(weights, ((0, 0), (2, 2))).astype(np.int32), axis=1)  # a byte of 0 leaves a product out
    lowest, highest = BYTE * ordered[:, :2].sum(1), BYTE * ordered[:, -2:].sum(1)
    return np.asarray((lowest < INT16.min) | (highest > INT16.max))


def _share(
    opened: Graph, node: Any, weights: NDArray[np.int8], some: NDArray[np.intp], graph: bytes, crops: NDArray[np.uint8]
) -> float | None:
    """Share of the sums of some outputs that overflow, in windows drawn on the crops."""
    place = window(node)
    if place is None:
        return None
    pair = opened.maker[node.input[0]]
    zero = opened.constant(pair.input[2])
    assert zero is not None, "ONNX Runtime's quantiser writes every zero point"
    read = InnerOnnx(graph).reader([pair.input[0]])
    random = np.random.default_rng(0)
    width = weights.shape[1]
    shares = []
    for start in range(0, len(crops), BATCH):
        bytes_ = _unsigned(read(crops[start : start + BATCH])[pair.input[0]])
        windows = drawn_windows(bytes_, place, random, int(_unsigned(zero)))
        for output in some.tolist():
            first = output * place.groups // len(weights) * width  # channel of its group
            rows = _packed(windows[:, first : first + width])
            row = _packed(weights[output : output + 1])[0]
            shares.append(float((pmaddubsw(rows, row) != pair_sums(rows, row)).mean()))
    return float(np.mean(shares))


def _unsigned(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Activations as kernels multiply them: those in int8 are moved up by 128."""
    return values if values.dtype == np.uint8 else (values.astype(np.int16) + 128).astype(np.uint8)


def _packed(windows: NDArray[Any]) -> NDArray[Any]:
    """Windows (N, C, height, width) as rows (N, K) in the order of the kernels, K made even."""
    rows = windows.transpose(0, 2, 3, 1).reshape(len(windows), -1)
    return np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))
