"""Networks for ncnn that keep its contract or just miss it, drawn at random; a text and weights as one input."""

from random import Random
from typing import Any

import numpy as np

from edgedf.runtime.ncnn_contract import BYTES, HALF, OPERATORS, PIXELS, REDUCTIONS, REQUANTISED, SQUEEZE, Shape
from edgedf.runtime.ncnn_text import Layer, Value, Values, write_layers
from edgedf.runtime.onnx_contract import INPUT

NUMBERS: tuple[Value, ...] = (0, 1, 2, 3, 4, 5, 7, 8, 16, 101, 4096, 65_536, 999_999_999, 1.0, (1,), (0, 0))
CHANNELS = (1, 1, 2, 3, 4, 5, 8, 12, 16, 24, 32, 64)


def joined(model: bytes, weights: bytes) -> bytes:
    """Both files; a text has no empty line."""
    return model + b"\n" + weights


def parted(data: bytes) -> tuple[bytes, bytes]:
    """The files of an input, damaged or not."""
    model, _, weights = data.partition(b"\n\n")
    return model + b"\n", weights


def small(seed: int) -> bytes:
    """A sound input, most of which is text."""
    return joined(*_Drawn(Random(seed), (1, 2, 3)).done())


def drawn(random: Random) -> tuple[bytes, bytes]:
    """The two files of a network; of ten three have something wrong."""
    drawn = _Drawn(random, CHANNELS)
    if random.random() < 0.7:
        return drawn.done()
    model, weights = drawn.done(_wrong)
    return model, weights[: len(weights) - random.choice((0, 0, 1, 4))]


def _wrong(random: Random, layers: list[Layer]) -> None:
    """One parameter of one layer is another number."""
    i = random.randrange(len(layers))
    values = dict(layers[i].values)
    key = random.choice([*values, random.randrange(32)])
    old = values.get(key)
    near = [max(old + step, 0) for step in (-1, 1)] if isinstance(old, int) else []
    values[key] = random.choice([*near, *near, *NUMBERS])
    layers[i] = layers[i]._replace(values=values)


class _Drawn:
    """A network that grows by what its tensors allow."""

    def __init__(self, random: Random, channels: tuple[int, ...]) -> None:
        self._random, self._channels = random, channels
        self._layers, self._weights = [PIXELS], list[bytes]()
        self._shapes: dict[str, Shape] = {INPUT: (3, 256, 256)}
        self._bytes = set[str]()  # tensors of INT8
        for _ in range(random.randrange(12)):
            self._grow(random.choice(list(self._shapes)))

    def done(self, change: Any = None) -> tuple[bytes, bytes]:
        """The files; a change sees the layers before they are written."""
        maps = [name for name, shape in self._shapes.items() if len(shape) == 3]
        ends = [self._convolution(name, 1) if name in self._bytes else name for name in maps]
        one, *ends[:1] = self._split(ends[0])
        self._add("Squeeze", self._convolution(one, 1, 1), SQUEEZE, self._shapes_of_last()[1:], "attention")
        vectors = [name for name, shape in self._shapes.items() if len(shape) == 1] + [self._reduced(n) for n in ends]
        length = sum(self._shapes.pop(name)[0] for name in vectors)
        self._layers.append(Layer("Concat", "cat", vectors, ["made"], {0: 0}))
        self._layers.append(Layer("Split", "two", ["made"], ["embedding", "read"], {}))
        self._layers.append(Layer("InnerProduct", "head", ["read"], ["logit"], {0: 1, 1: 1, 2: length}))
        self._weights += [HALF, self._numbers("<f2", length), self._numbers("<f4", 1)]
        if change:
            change(self._random, self._layers)
        return write_layers(self._layers), b"".join(self._weights)

    def _grow(self, name: str) -> None:
        random, shape = self._random, self._shapes[name]
        if name in self._bytes:
            self._convolution(name, random.choice((1, REQUANTISED)))
        elif len(shape) == 1 or random.random() < 0.4:
            self._plain(name, shape)
        elif random.random() < 0.2 and np.prod(shape) < 1 << 18:
            self._split(name)
        elif random.random() < 0.2 and (fits := [n for n in (2, 4, 8) if not any(size % n for size in shape[1:])]):
            step = random.choice(fits)
            self._add("Reorg", name, {0: step, 1: 1}, (shape[0] * step**2, shape[1] // step, shape[2] // step))
        else:
            self._convolution(name, random.choice((0, 0, 1, REQUANTISED)))

    def _plain(self, name: str, shape: Shape) -> None:
        random = self._random
        others = [one for one, there in self._shapes.items() if one not in {name, *self._bytes} and _fit(there, shape)]
        if others and random.random() < 0.6:
            other = random.choice(others)
            both = [name, other] if random.random() < 0.5 else [other, name]
            together = tuple(map(max, zip(shape, self._shapes.pop(other), strict=True)))
            self._add("BinaryOp", name, {0: random.choice(list(OPERATORS.values()))}, together, reads=both)
        elif random.random() < 0.3:
            operator: Values = {0: random.choice(list(OPERATORS.values())), 1: 1, 2: random.uniform(-9, 9)}
            self._add("BinaryOp", name, operator, shape)
        elif sum(len(one) == 3 for one in self._shapes.values()) > 1 and len(shape) == 3 and random.random() < 0.2:
            self._reduced(name)
        else:
            self._add(random.choice(("ReLU", "Sigmoid")), name, {}, shape)

    def _reduced(self, name: str) -> str:
        return self._add("Reduction", name, self._random.choice(list(REDUCTIONS.values())), self._shapes[name][:1])

    def _split(self, name: str) -> list[str]:
        shape, count = self._shapes.pop(name), self._random.choice((2, 2, 3))
        gives = [f"{name}_{i}" for i in range(count)]
        self._layers.append(Layer("Split", f"{name}_s", [name], gives, {}))
        self._shapes |= dict.fromkeys(gives, shape)
        return gives

    def _convolution(self, name: str, int8: int, outputs: int = 0) -> str:
        random, (channels, height, width) = self._random, self._shapes[name]
        outputs = outputs or random.choice(self._channels)
        kernel = random.choice([size for size in (1, 1, 2, 3, 3, 3, 4, 5, 7) if size <= min(height, width)])
        stride, pad = random.choice((1, 1, 2, kernel, 5)), random.randrange(kernel)
        stride = min(stride, height, width)
        count = outputs * channels * kernel**2
        values: Values = {0: outputs, 1: kernel, 3: stride, 4: pad, 5: 1, 6: count, 8: int8, 9: random.randrange(2)}
        self._weights += [BYTES, self._numbers("i1", count)] if int8 else [HALF, self._numbers("<f2", count)]
        scales = 0 if not int8 else outputs + (2 if int8 == REQUANTISED else 1)
        self._weights.append(self._numbers("<f4", outputs + scales))
        sides = [(side + 2 * pad - kernel) // stride + 1 for side in (height, width)]
        made = self._add("Convolution", name, values, (outputs, *sides))
        self._bytes |= {made} if int8 == REQUANTISED else set()
        return made

    def _add(
        self, kind: str, name: str, values: Values, shape: Shape, gives: str = "", reads: list[str] | None = None
    ) -> str:
        del self._shapes[name]
        gives = gives or f"t{len(self._layers)}"
        self._layers.append(Layer(kind, f"n{len(self._layers)}", reads or [name], [gives], values))
        if gives != "attention":
            self._shapes[gives] = shape
        return gives

    def _shapes_of_last(self) -> Shape:
        return self._shapes[self._layers[-1].gives[0]]

    def _numbers(self, kind: str, count: int) -> bytes:
        """Random ones, filled up to a multiple of 4 bytes."""
        numbers = np.random.default_rng(self._random.getrandbits(32)).integers(-100, 100, count)
        data = (numbers if kind == "i1" else numbers / 64).astype(kind).tobytes()
        return data + bytes(-len(data) % 4)


def _fit(one: Shape, other: Shape) -> bool:
    return len(one) == len(other) and all(a == b or 1 in (a, b) for a, b in zip(one, other, strict=True))
