"""The `.param` text of an ncnn network: two lines of head, and one line a layer.

ncnn reads it word by word and takes line ends for spaces; what is read here line by line is the same only because every
name starts with a letter or underscore, and no parameter does.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

MAGIC = "7767517"  # first line of every network of ncnn's
NAME = re.compile(r"[A-Za-z_][\w./:-]{0,199}", re.ASCII)
WHOLE, REAL = re.compile("[0-9]{1,9}"), re.compile(r"-?[0-9]\.[0-9]{8}e[+-][0-9]{2}")
LIST = re.compile("-233([0-9]{2})=([0-9](?:,[0-9]){1,4})")

Value = int | float | tuple[int, ...]
Values = dict[int, Value]


class Layer(NamedTuple):
    """One layer.

    Attributes:
        kind: What ncnn calls it.
        name: Its own.
        reads: Names of the tensors that it reads.
        gives: Likewise.
        values: Its parameters, by ncnn's number.
    """

    kind: str
    name: str
    reads: list[str]
    gives: list[str]
    values: Values


def read_layers(text: bytes) -> list[Layer]:
    """The layers of a network.

    Raises:
        ValueError: It is not one, or not as `write_layers` writes it.
    """
    magic, counts, *lines = text.decode("ascii").removesuffix("\n").split("\n")
    layers = [_layer(line) for line in lines]
    if [magic, counts] != _head(layers):
        raise ValueError("its first lines are not those of its layers")
    return layers


def write_layers(layers: Sequence[Layer]) -> bytes:
    """The text of a network."""
    lines = [
        " ".join([one.kind, one.name, str(len(one.reads)), str(len(one.gives)), *one.reads, *one.gives, *_options(one)])
        for one in layers
    ]
    return "\n".join([*_head(layers), *lines, ""]).encode("ascii")


def _head(layers: Sequence[Layer]) -> list[str]:
    return [MAGIC, f"{len(layers)} {sum(len(one.gives) for one in layers)}"]


def _options(layer: Layer) -> list[str]:
    return [_option(key, value) for key, value in layer.values.items()]


def _option(key: int, value: Value) -> str:
    if isinstance(value, tuple):
        return f"-233{key:02}={','.join(map(str, [len(value), *value]))}"
    return f"{key}={value}" if isinstance(value, int) else f"{key}={value:.8e}"


def _layer(line: str) -> Layer:
    kind, name, reads, gives, *words = line.split(" ")
    if not (WHOLE.fullmatch(reads) and WHOLE.fullmatch(gives)):
        raise ValueError(f"{name} does not say how much it reads and gives")
    end = int(reads) + int(gives)
    names, values = words[:end], dict(map(_value, words[end:]))
    if len(names) != end or not all(NAME.fullmatch(one) for one in (kind, name, *names)):
        raise ValueError(f"a name of a layer of kind {kind} is missing or unusual")
    if len(values) != len(words) - end:
        raise ValueError(f"{name} has a parameter twice")
    return Layer(kind, name, names[: int(reads)], names[int(reads) :], values)


def _value(word: str) -> tuple[int, Value]:
    if found := LIST.fullmatch(word):
        count, *items = map(int, found[2].split(","))
        if count == len(items):
            return int(found[1]), tuple(items)
    key, _, value = word.partition("=")
    if WHOLE.fullmatch(key) and WHOLE.fullmatch(value):
        return int(key), int(value)
    if WHOLE.fullmatch(key) and REAL.fullmatch(value):
        return int(key), float(value)
    raise ValueError(f"a parameter {word!r}")
