"""JSON that means one thing only: to every reader, and on every terminal."""

import json
import math
from typing import Any

DEEPEST = 16  # tables and lists in one another; a manifest has seven
LARGEST = 2**64 - 1  # other readers round larger whole numbers, and Python overflows where it makes them floats


def loads(text: bytes) -> Any:
    """Reads JSON in UTF-8, without what readers take differently or what a terminal would obey.

    Raises:
        ValueError: It is not JSON, names a key twice, holds a number that is not finite or a whole one of more than 64
            bits, or a character that cannot be printed, or is nested too deeply.
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_table,
            parse_float=_number,
            parse_int=_whole,
            parse_constant=_number,
        )
    except RecursionError:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from None
    _check(value)
    return value


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"it names the key {key!r} twice")
        table[key] = value
    return table


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _whole(text: str) -> int:
    if len(text) > len(str(-LARGEST)) or abs(value := int(text)) > LARGEST:
        raise ValueError(f"{text:.40} is too large a number")
    return value


def _check(value: Any) -> None:
    """Looks at all values, one depth after the other."""
    level = [value]
    for _ in range(DEEPEST):
        for text in (text for one in level for text in ([one] if isinstance(one, str) else _keys(one))):
            if not text.isprintable():
                raise ValueError(f"it holds a character that cannot be printed: {text!r}")
        level = [inner for one in level for inner in _values(one)]
    if level:
        raise ValueError(f"it is nested more than {DEEPEST} deep")


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
