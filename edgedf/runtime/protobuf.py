"""The wire format of protobuf, read field by field: https://protobuf.dev/programming-guides/encoding."""

from collections.abc import Iterator

Message = memoryview
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def fields(message: Message) -> Iterator[tuple[int, int | Message]]:
    """Number and value of each field; strings, messages and packed arrays come as bytes.

    Raises:
        ValueError: The bytes are not such a message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        # A tag has 32 bits; protobuf drops what an overlong one has above them.
        number, kind = (key & 0xFFFFFFFF) >> 3, key & 7
        if number == 0:
            raise ValueError("a field without a number")
        if kind == VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == BYTES:
            length, place = _varint(message, place)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"unknown wire type {kind}")
        if place + length > len(message):
            raise ValueError("cut short")
        yield number, message[place : place + length]
        place += length


def messages(message: Message, number: int) -> list[Message]:
    """Every value of one field that holds messages or strings."""
    return [value for n, value in fields(message) if n == number and isinstance(value, memoryview)]


def integers(message: Message, number: int) -> list[int]:
    """Every value of one field that holds integers."""
    return [value for n, value in fields(message) if n == number and isinstance(value, int)]


def _varint(message: Message, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):  # at most ten bytes
        if place >= len(message):
            raise ValueError("cut short")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number without end")
