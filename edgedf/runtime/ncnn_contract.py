"""Reads an ncnn network as ncnn will, to refuse it: an unknown layer, shapes that do not fit, or more or fewer weights.

ncnn loads from memory without knowing where that ends, and computes with whatever size a text names. So every shape and
every byte is followed here first; the layers are those that a student is made of, and their sizes are bounded.
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import BundleError
from edgedf.runtime.ncnn_text import Layer, Values, read_layers
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

HALF, BYTES = b"\x47\x6b\x30\x01", b"\x38\x4b\x0d\x00"  # in front of weights in FP16 and INT8
REQUANTISED = 101  # what is in place of 1 in a layer of INT8 that gives INT8, too
LARGEST = 1 << 20  # bytes of text; a student's has 3,000
HEAVIEST = 1 << 26  # bytes of weights; a student's has 1 to 3 million, and some kernels of ncnn unfold them to 14 times
LONGEST = 1 << 12  # channels, and length of a vector
LAYERS = 256  # a student's has 30; ncnn goes down one call a layer, and some threads have a stack of 512 kB
NUMBERS = 1 << 25  # in all of its tensors together; a student's has a million
PRODUCTS = 1 << 26  # of one convolution; a student's has 10 million, and ncnn lays out so many numbers at most

Shape = tuple[int, ...]  # channels, height, width; height, width; or length


# ncnn's numbers of parameters, as an export writes them
PIXELS = Layer("Input", INPUT, [], [INPUT], {0: 256, 1: 256, 2: 3})
CONVOLUTION = {0, 1, 3, 4, 5, 6, 8, 9}
OPERATORS = {"Add": 0, "Sub": 1, "Mul": 2, "Div": 3}
OVER_PLACES: Values = {1: 0, 3: (1, 2), 4: 0, 5: 1}
REDUCTIONS: dict[str, Values] = {"ReduceSum": {0: 0, **OVER_PLACES}, "ReduceMean": {0: 3, **OVER_PLACES}}
SQUEEZE: Values = {3: (0,)}


class _Weights:
    """The `.bin` file, read in order of the layers."""

    def __init__(self, data: bytes) -> None:
        self.left = memoryview(data)

    def take(self, size: int) -> memoryview:
        if size > len(self.left):
            raise ValueError("its weights are cut short")
        taken, self.left = self.left[:size], self.left[size:]
        return taken

    def floats(self, count: int) -> None:
        _check_finite(np.frombuffer(self.take(4 * count), "<f4"))

    def tagged(self, count: int, size: int) -> None:
        """Weights of 1 or 2 bytes, filled up to a multiple of 4."""
        if self.take(4) != (BYTES if size == 1 else HALF):
            raise ValueError("its weights are of another type")
        data = self.take(-(-count * size // 4) * 4)
        if size == 2:
            _check_finite(np.frombuffer(data, "<f2"))


def _check_finite(values: NDArray[np.floating]) -> None:
    if not np.isfinite(values).all():
        raise BundleError("it holds a weight that is not a finite number: export it again")


def check_ncnn(model: bytes, weights: bytes) -> None:
    """Makes sure that an ncnn network keeps the contract of a bundle.

    Args:
        model: Content of the `.param` file.
        weights: Content of the `.bin` file.

    Raises:
        BundleError: It does not, or is not an ncnn network.
    """
    if len(model) > LARGEST:
        raise BundleError(f"it is larger than {LARGEST >> 20} MB, the most that edgedf reads of an ncnn network")
    if len(weights) > HEAVIEST:
        raise BundleError(f"its weights are larger than {HEAVIEST >> 20} MB, the most that edgedf reads of ncnn's")
    try:
        unread = _follow(read_layers(model), _Weights(weights))
    except KeyError as error:  # a parameter or a tensor
        raise BundleError(f"it is not an ncnn network of edgedf's ({error} is missing)") from error
    except (ValueError, TypeError) as error:  # TypeError: a parameter is no number
        raise BundleError(f"it is not an ncnn network of edgedf's ({error})") from error
    ranks = {name: len(shape) for name, shape in unread.items()}
    if ranks != dict(zip(OUTPUTS, (1, 2, 1), strict=True)) or unread["logit"] != (1,):
        raise BundleError(f"its outputs are not {', '.join(OUTPUTS)}: export it again")


def _follow(layers: Sequence[Layer], weights: _Weights) -> dict[str, Shape]:
    """Shapes of the tensors that no layer reads."""
    first, *others = layers
    _need(len(layers) <= LAYERS, f"{len(layers)} layers")
    _need(first == PIXELS and not _reals(first), f"its input is not {INPUT} (3, 256, 256)")
    size = 0
    unread: dict[str, Shape] = {INPUT: (3, 256, 256)}
    seen, in_bytes = {INPUT}, set[str]()
    for layer in others:
        kind, name, reads, gives, values = layer
        _need(kind in KINDS, f"{name} is a {kind}")
        _need(_reals(layer) in ([], [2] if kind == "BinaryOp" else []), f"{name} has a parameter of another type")
        _need(bool(values.get(8)) or not in_bytes.intersection(reads), f"{name} reads numbers where bytes are")
        _need(len(gives) == 1 or (kind == "Split" and len(gives) > 0), f"{name} gives {len(gives)} tensors")
        _need(not seen.intersection(gives) and len(set(gives)) == len(gives), f"{name} gives what is there already")
        shape = KINDS[kind](values, [unread.pop(one) for one in reads], weights)
        _need(min(shape) > 0 and max(shape) <= LONGEST, f"{name} gives a tensor of shape {shape}")
        size += prod(shape) * len(gives)
        _need(size <= NUMBERS, f"its tensors hold more than {NUMBERS} numbers")
        seen.update(gives)
        unread |= dict.fromkeys(gives, shape)
        in_bytes |= set(gives) if values.get(8) == REQUANTISED else set()
    _need(not weights.left, f"{len(weights.left)} bytes of weights are left over")
    return unread


def _reals(layer: Layer) -> list[int]:
    """Which parameters are no whole numbers: ncnn reads what it takes for one from the same bits."""
    return [key for key, value in layer.values.items() if isinstance(value, float)]


def _need(true: bool, otherwise: str) -> None:
    if not true:
        raise ValueError(otherwise)


def _convolution(values: Values, shapes: list[Shape], weights: _Weights) -> Shape:
    [(channels, height, width)] = shapes
    outputs, kernel, stride, pad, count, int8 = _whole(values, 0, 1, 3, 4, 6, 8)
    known = values.keys() == CONVOLUTION and values[5] == 1 and values[9] in (0, 1) and int8 in (0, 1, REQUANTISED)
    _need(known, "an unusual convolution")
    _need(0 <= pad < kernel <= min(height, width) and 0 < stride <= LONGEST, "a convolution of no window")
    _need(count == outputs * channels * kernel**2, f"a convolution of {count} weights")
    shape = outputs, *((side + 2 * pad - kernel) // stride + 1 for side in (height, width))
    _need(count * shape[1] * shape[2] <= PRODUCTS, f"a convolution of more than {PRODUCTS} products")
    weights.tagged(count, 1 if int8 else 2)
    weights.floats(outputs)
    if int8:
        weights.floats(outputs + (2 if int8 == REQUANTISED else 1))
    return shape


def _inner_product(values: Values, shapes: list[Shape], weights: _Weights) -> Shape:
    [(inputs,)] = shapes
    outputs, count = _whole(values, 0, 2)
    _need(values == {0: outputs, 1: 1, 2: outputs * inputs}, f"an inner product of {count} weights")
    weights.tagged(count, 2)
    weights.floats(outputs)
    return (outputs,)


def _reorg(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    [(channels, height, width)] = shapes
    [stride] = _whole(values, 0)
    _need(values == {0: stride, 1: 1} and stride > 0 == height % stride == width % stride, "patches that do not fit")
    return channels * stride**2, height // stride, width // stride


def _binary(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    _need(values[0] in OPERATORS.values(), "an operator")
    if len(shapes) == 1:
        _need(values == {0: values[0], 1: 1, 2: values[2]} and isinstance(values[2], float), "a constant")
        return shapes[0]
    one, other = shapes
    together = tuple(map(max, zip(one, other, strict=True)))
    _need(values == {0: values[0]}, "an operator")
    _need(all(size in (1, most) for shape in shapes for size, most in zip(shape, together, strict=True)), "two shapes")
    return together


def _alone(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    [shape] = shapes
    _need(not values, "a layer with parameters that has none")
    return shape


def _reduction(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    [(channels, _height, _width)] = shapes
    _need(values in REDUCTIONS.values(), "a reduction that is none over height and width")
    return (channels,)


def _concat(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    _need(values == {0: 0} and all(len(one) == 1 for one in shapes), "tensors put together that are no vectors")
    return (sum(one[0] for one in shapes),)


def _squeeze(values: Values, shapes: list[Shape], _: _Weights) -> Shape:
    [(channels, height, width)] = shapes
    _need(values == SQUEEZE and channels == 1, "channels squeezed that are not one")
    return height, width


def _whole(values: Values, *keys: int) -> list[int]:
    found = [value for key in keys if isinstance(value := values[key], int)]
    _need(len(found) == len(keys), "a parameter that is no whole number")
    return found


KINDS: dict[str, Callable[[Values, list[Shape], _Weights], Shape]] = {
    "BinaryOp": _binary,
    "Concat": _concat,
    "Convolution": _convolution,
    "InnerProduct": _inner_product,
    "ReLU": _alone,
    "Reduction": _reduction,
    "Reorg": _reorg,
    "Sigmoid": _alone,
    "Split": _alone,
    "Squeeze": _squeeze,
}
