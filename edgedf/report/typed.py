"""Dataclasses from JSON values, and the JSON Schema of them: both follow from the fields and their types alone."""

import dataclasses
import math
import re
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

from edgedf.errors import InputError, InternalError

T = TypeVar("T")


class _Simple(NamedTuple):
    """A type that holds no other.

    Attributes:
        schema: Its name in JSON Schema.
        words: What is expected, in an error.
        takes: Whether a value is one.
    """

    schema: str
    words: str
    takes: Callable[[Any], bool]


SIMPLE = {
    str: _Simple("string", "a line of text", lambda one: isinstance(one, str) and one.isprintable()),
    int: _Simple("integer", "a whole number", lambda one: type(one) is int),
    float: _Simple("number", "a number", lambda one: type(one) in (int, float) and math.isfinite(one)),
    bool: _Simple("boolean", "true or false", lambda one: isinstance(one, bool)),
}


def read(kind: type[T], value: object, where: str = "it") -> T:
    """Makes a dataclass of what `json.loads` gave; fields that have a default may be missing.

    Args:
        kind: The dataclass, of fields that are simple, dataclasses, sequences, tables by name, any of these or None, or
            `Any`.
        value: What was read.
        where: Stands in errors.

    Raises:
        InputError: A field is missing, unknown, of another type, or contradicts the others.
    """
    return cast(T, _read(kind, value, where))


def _read(kind: Any, value: Any, where: str) -> Any:
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _object(cast(type[Any], kind), _typed(value, dict, "a table", where), where)
    if isinstance(kind, types.UnionType):  # X | None
        return None if value is None else _read(get_args(kind)[0], value, where)
    if get_origin(kind) in (list, Sequence):
        [inner] = get_args(kind)
        return [_read(inner, one, f"{where}[{i}]") for i, one in enumerate(_typed(value, list, "a list", where))]
    if get_origin(kind) in (dict, Mapping):
        table = _typed(value, dict, "a table", where)
        return {
            _read(str, name, where): _read(get_args(kind)[1], one, f"{where}.{name}") for name, one in table.items()
        }
    if not SIMPLE[kind].takes(value):
        raise InputError(f"{where} is {value!r:.40}, not {SIMPLE[kind].words}")
    return value


def _object(kind: type[Any], value: dict[str, Any], where: str) -> Any:
    fields = {one.name: one for one in dataclasses.fields(kind)}
    hints = get_type_hints(kind)
    if unknown := value.keys() - fields.keys():
        raise InputError(f"{where} has a field {min(unknown)!r} that is not known")
    if missing := [name for name, one in fields.items() if name not in value and not _optional(one)]:
        raise InputError(f"{where} lacks {missing[0]!r}")
    found = {name: _read(hints[name], one, f"{where}.{name}") for name, one in value.items()}
    try:
        return kind(**found)
    except InternalError as error:
        raise InputError(f"{where} contradicts itself: {error}") from error


def _typed(value: Any, kind: type, words: str, where: str) -> Any:
    if not isinstance(value, kind):
        raise InputError(f"{where} is {value!r:.40}, not {words}")
    return value


def _optional(field: "dataclasses.Field[Any]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def schema(kind: type[Any]) -> dict[str, Any]:
    """JSON Schema of a dataclass; what the docstring says of a field is its description."""
    definitions: dict[str, Any] = {}
    _define(kind, definitions)
    return {**definitions.pop(kind.__name__), "$defs": definitions}


def _define(kind: type[Any], definitions: dict[str, Any]) -> None:
    definitions[kind.__name__] = {}  # its place, before those of its fields
    hints, said = get_type_hints(kind), _said(kind)
    properties = {}
    for one in dataclasses.fields(kind):
        properties[one.name] = _schema(hints[one.name], definitions)
        if one.name in said:
            properties[one.name]["description"] = said[one.name]
    definitions[kind.__name__] = {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": [one.name for one in dataclasses.fields(kind) if not _optional(one)],
        "additionalProperties": False,
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        named = cast(type[Any], kind)
        if named.__name__ not in definitions:
            _define(named, definitions)
        return {"$ref": f"#/$defs/{named.__name__}"}
    if isinstance(kind, types.UnionType):
        return {"anyOf": [_schema(get_args(kind)[0], definitions), {"type": "null"}]}
    if get_origin(kind) in (list, Sequence):
        return {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    if get_origin(kind) in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], definitions)}
    return {"type": SIMPLE[kind].schema}


def _said(kind: type[Any]) -> dict[str, str]:
    """What the docstring's Attributes say, by field."""
    part = re.search(r"Attributes:\n(.*?)(?:\n\s*\n|\Z)", kind.__doc__ or "", re.DOTALL)
    entries = re.findall(r"^ {8}(\w+): (.*?)(?=^ {8}\w|\Z)", part[1] + "\n", re.DOTALL | re.MULTILINE) if part else []
    return {name: " ".join(words.split()) for name, words in entries}
