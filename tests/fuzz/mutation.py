"""Inputs that are nearly right: a valid one, damaged at random, where its form is known along its structure."""

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Mutation = Callable[[Random, bytes], bytes]

LARGEST = 1 << 20  # bytes of an input: damage that repeats must not make it grow without end
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
WORDS = (
    *(b"", b"0", b"-1", b"1e308", b"-1e308", b"1e999", b"nan", b"-inf", b"true", b"null", b"1_0", b"07:30:00"),
    *(b"9" * 400, b"9" * 5000, b"0x" + b"f" * 5000, b"[" * 2000, b'{"a":' * 2000, b"{a=" * 2000, b"<a>" * 200),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x1b[2J", b"\r", b"\n", b'"', b"'", b"%", b"%zz", b"="),
    *(b"../../x", b"/", b"/dev/zero", b"a" * 300, b"a" * 200_000, "é\u202e\u0661".encode(), b"[::1", b"@", b"://"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2, 0.5, 1e308, -1e308, 1e-320, float("nan"), float("inf"), 2**31, 2**64, 10**400),
    *("", "1", "\x00", "\ud800", "\x1b[2J", "é\u202e", "../../x", "/dev/zero", "a" * 300, "a" * 20_000),
    *([], {}, [[]], [None], {"": None}, [1.0, 2.0], ["a", "a"]),
)
DEPTHS = (20, 100, 900, 950, 980, 2000, 100_000)  # some just within what Python's own recursion allows


def mutated(random: Random, seed: bytes, form: str) -> bytes:
    """A valid input, damaged a few times.

    Args:
        random: Tells the damage.
        seed: The input.
        form: One of `MUTATIONS`.
    """
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        seed = random.choice(MUTATIONS[form])(random, seed)[:LARGEST]
    return seed


def _flip(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 4, 16)) if data else 0):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _number(random: Random, data: bytes) -> bytes:
    """A number at any place becomes an extreme one, of any width and order of bytes."""
    width, place = random.choice((1, 2, 4, 8)), random.randrange(len(data) + 1)
    value = random.choice(NUMBERS) & (1 << 8 * width) - 1
    return data[:place] + value.to_bytes(width, random.choice(("little", "big"))) + data[place + width :]


def _span(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(start + random.choice((1, 4, 16, 256, len(data))), len(data))


def _cut(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 100)) + data[end:]


def _move(random: Random, data: bytes) -> bytes:
    start, end = _span(random, data)
    place = random.randrange(len(data) + 1)
    return data[:place] + data[start:end] + data[place:]


def _word(random: Random, data: bytes) -> bytes:
    """A word, number or sign of a text becomes an extreme one, or another of the text."""
    found = [match.span() for match in re.finditer(rb"[\w.+-]+|[^\w\s]|\s+", data)] or [(0, 0)]
    start, end = random.choice(found)
    other = random.choice(found)
    return data[:start] + random.choice((*WORDS, data[slice(*other)])) + data[end:]


def each_changed(seed: bytes) -> Iterator[bytes]:
    """A JSON text with one value after the other replaced by each extreme one."""
    for i in range(len(_slots([json.loads(seed)]))):
        for value in VALUES:
            root = [json.loads(seed)]
            place, key = _slots(root)[i]
            place[key] = value
            yield json.dumps(root[0]).encode()


def _json(random: Random, data: bytes) -> bytes:
    """A value in JSON becomes an extreme one, a deep one or another of the text, or goes or changes its key."""
    try:
        return _json_changed(random, [json.loads(data)])
    except (ValueError, RecursionError):  # it is none any more, or too deep for Python's own JSON
        return _word(random, data)


def _json_changed(random: Random, root: list[Any]) -> bytes:
    slots = _slots(root)
    place, key = random.choice(slots)
    choice = random.randrange(6)
    if choice < 3:
        place[key] = random.choice(VALUES)
    elif choice == 3:
        other, name = random.choice(slots)
        place[key] = json.loads(json.dumps(other[name]))
    elif choice == 4 and place is not root:
        value = place.pop(key)
        if isinstance(place, dict) and random.random() < 0.5:
            place[random.choice(("", "a", "schema", "\x00", "\ud800"))] = value
    else:
        depth = random.choice(DEPTHS)
        opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
        place[key] = mark = f"deep{depth}"
        return json.dumps(root[0]).replace(f'"{mark}"', opening * depth + closing * depth, 1).encode()
    return json.dumps(root[0]).encode()


def _slots(root: list[Any]) -> list[tuple[Any, Any]]:
    """Every place in a JSON value where a value stands."""
    slots, pending = list[tuple[Any, Any]](), list[Any]([root])
    while pending:
        holder = pending.pop()
        if isinstance(holder, dict | list):
            keys = list(holder if isinstance(holder, dict) else range(len(holder)))
            slots += [(holder, key) for key in keys]
            pending += [holder[key] for key in keys]
    return slots


def _protobuf(random: Random, data: bytes) -> bytes:
    """A field of a message, or of one in it, changes, moves, comes twice or goes; lengths are made right again."""
    parts = _fields(data)
    if not parts:
        return _flip(random, data)
    i, choice = random.randrange(len(parts)), random.randrange(6)
    number, kind, value = parts[i]
    if kind == 2 and random.random() < 0.75:
        parts[i] = number, kind, _protobuf(random, value) if value else b"\x00"
    elif choice == 0:
        parts[i] = random.choice((0, 1, 6, 7, 11, 13, 14, 20, 25, 2**29 - 1)), kind, value
    elif choice == 1:
        parts[i] = number, *random.choice(((0, varint(random.choice(NUMBERS))), (2, b""), (1, bytes(8)), (3, b"")))
    elif choice == 2:
        parts += [parts[i]] * random.choice((1, 100))
    elif choice == 3:
        parts.append(random.choice(parts))
    elif choice == 4:
        del parts[i]
    else:
        parts[i] = number, kind, varint(random.choice(NUMBERS)) if kind == 0 else _number(random, value)
    return b"".join(varint(n << 3 | k) + (varint(len(v)) if k == 2 else b"") + v for n, k, v in parts)


def _fields(data: bytes) -> list[tuple[int, int, bytes]]:
    """Number, wire type and bytes of each field; none where it is no message."""
    found, place = [], 0
    while place < len(data):
        key, place = _read_varint(data, place)
        start, kind = place, key & 7
        length, inside = _read_varint(data, place) if kind in (0, 2) else (4 if kind == 5 else 8, place)
        start, place = (start, inside) if kind == 0 else (inside, inside + length)
        if kind not in (0, 1, 2, 5) or place > len(data):
            return []
        found.append((key >> 3, kind, data[start:place]))
    return found


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for i, byte in enumerate(data[place : place + 10]):
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value, place + i + 1
    return 0, len(data) + 1  # beyond the end: no message


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    lower, higher = value & 0x7F, value >> 7
    return bytes((lower | 0x80,)) + varint(higher) if higher else bytes((lower,))


_ANY: tuple[Mutation, ...] = (_flip, _number, _cut, _repeat, _move)
MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "binary": _ANY,
    "text": (*_ANY, *[_word] * 10),
    "json": (*_ANY, *[_word] * 3, *[_json] * 12),
    "protobuf": (*_ANY, *[_protobuf] * 10),
}
