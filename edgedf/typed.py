"""Dataclasses from the values of JSON or TOML, by the types of their fields alone."""

import dataclasses
import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from edgedf.errors import InputError, InternalError

T = TypeVar("T")


class _Simple(NamedTuple):
    """A type that holds no other.

    Attributes:
        words: What is expected, in an error.
        takes: Whether a value is one.
    """

    words: str
    takes: Callable[[Any], bool]


SIMPLE = {
    str: _Simple("a line of text", lambda one: isinstance(one, str)),
    int: _Simple("a whole number", lambda one: type(one) is int),
    float: _Simple("a finite number", lambda one: type(one) is int or (isinstance(one, float) and math.isfinite(one))),
    bool: _Simple("true or false", lambda one: isinstance(one, bool)),
}
WORDS: dict[type, str] = {dict: "a table", list: "a list"}


def read(kind: type[T], value: object, where: str, *, whole: bool = False) -> T:
    """Makes a dataclass of what a reader of JSON or TOML gave.

    Args:
        kind: The dataclass, of fields that are simple, dataclasses, sequences, tables by name, any of these or None,
            `Literal` words, or `Any`.
        value: What was read.
        where: Stands in errors.
        whole: Whether what has nothing to say, with a default of None or of no text, is left out, and all else is
            there; or else whatever has a default may be missing, and be null where that is None.

    Raises:
        InputError: A field is missing, unknown, of another type, or contradicts the others.
    """
    return cast(T, _read(kind, value, where, whole))


def check(kind: Any, value: object, where: str) -> None:
    """Checks a value that stays as it is.

    Args:
        kind: Whatever a field of `read` may be; or, by key, those of a table that has exactly these keys.
        value: What was read.
        where: Stands in errors.

    Raises:
        InputError: It is of another kind.
    """
    _read(kind, value, where, whole=True)


def shape(kind: Any) -> dict[str, Any]:
    """What `check` needs to know of a dataclass, to check a table of all its fields without making one."""
    hints = get_type_hints(kind)
    return {name: shape(one) if dataclasses.is_dataclass(one) else one for name, one in hints.items()}


def _read(kind: Any, value: Any, where: str, whole: bool) -> Any:
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _object(cast(type[Any], kind), value, where, whole)
    if isinstance(kind, dict):
        _check_keys(value, kind, kind, where)
        return {name: _read(inner, value[name], f"{where}.{name}", whole) for name, inner in kind.items()}
    if isinstance(kind, types.UnionType):  # X | None
        return None if value is None and not whole else _read(get_args(kind)[0], value, where, whole)
    outer, inner = get_origin(kind), get_args(kind)
    if outer in (list, Sequence):
        _check_kind(value, list, where)
        return [_read(inner[0], one, f"{where}[{i}]", whole) for i, one in enumerate(value)]
    if outer in (dict, Mapping):
        _check_kind(value, dict, where)
        return {name: _read(inner[1], one, f"{where}.{name}", whole) for name, one in value.items()}
    if outer is Literal:
        word = value if isinstance(value, str) else _shown(value)  # TOML reads precision=32 as a number
        if word not in inner:
            raise InputError(f"{where} is {_shown(value)}: choose one of {', '.join(inner)}")
        return word
    if not SIMPLE[kind].takes(value):
        raise InputError(f"{where} is {_shown(value)}, not {SIMPLE[kind].words}")
    return float(value) if kind is float else value


def _object(kind: type[Any], value: Any, where: str, whole: bool) -> Any:
    fields = dataclasses.fields(kind)
    needed = [one.name for one in fields if not (one.default in (None, "") if whole else has_default(one))]
    _check_keys(value, [one.name for one in fields], needed, where)
    hints = get_type_hints(kind)
    found = {name: _read(hints[name], one, f"{where}.{name}", whole) for name, one in value.items()}
    try:
        return kind(**found)
    except InternalError as error:
        raise InputError(f"{where} contradicts itself: {error}") from error


def has_default(field: "dataclasses.Field[Any]") -> bool:
    """Whether a dataclass can be made without a field."""
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _check_keys(value: Any, known: Iterable[str], needed: Iterable[str], where: str) -> None:
    _check_kind(value, dict, where)
    if unknown := value.keys() - set(known):
        raise InputError(
            f"{where} has a field {min(unknown)!r:.40} that is not known: known are {', '.join(sorted(known))}"
        )
    if missing := set(needed) - value.keys():
        raise InputError(f"{where} lacks {', '.join(map(repr, sorted(missing)))}")


def _check_kind(value: Any, kind: type, where: str) -> None:
    if not isinstance(value, kind):
        raise InputError(f"{where} is {_shown(value)}, not {WORDS[kind]}")


def _shown(value: Any) -> str:
    """A value in an error; of a table or list only that it is one, as what it holds may have no end."""
    return WORDS.get(type(value)) or f"{value!r:.40}"
