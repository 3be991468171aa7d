"""The JSON Schema of a dataclass: it follows from the fields, their types and the docstring alone."""

import dataclasses
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args, get_origin, get_type_hints

from edgedf.typed import has_default

NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


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
        "required": [one.name for one in dataclasses.fields(kind) if not has_default(one)],
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
    return {"type": NAMES[kind]}


def _said(kind: type[Any]) -> dict[str, str]:
    """What the docstring's Attributes say, by field."""
    part = re.search(r"Attributes:\n(.*?)(?:\n\s*\n|\Z)", kind.__doc__ or "", re.DOTALL)
    entries = re.findall(r"^ {8}(\w+): (.*?)(?=^ {8}\w|\Z)", part[1] + "\n", re.DOTALL | re.MULTILINE) if part else []
    return {name: " ".join(words.split()) for name, words in entries}
