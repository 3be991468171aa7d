"""The TOML of configurations: a flat table of numbers, words and lists of words."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgedf.errors import ConfigError
from edgedf.files import read_whole

MOST = 16 << 10  # bytes of a file, ten times all keys; 40 kB of dotted keys take tomllib 9 s and 1.5 GB
LARGEST = 2**63 - 1  # a whole number of TOML; Python's reader takes larger ones
NO_TEXT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # what no path or name can hold, or no file keep


def load(path: Path) -> dict[str, Any]:
    """Reads a file.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return tomllib.loads(read_whole(path, MOST).decode("utf-8"))
    except RecursionError:
        raise ConfigError(f"{path}: lists or tables without end in one another") from None
    except (OSError, ValueError) as error:  # of a number with thousands of digits a plain ValueError
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """`["epochs=3", "size=nano"]` as a dictionary; values are TOML or numbers such as `.2`, bare words are strings.

    Raises:
        ConfigError: A pair without `=`.
    """
    values = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign:
            raise ConfigError(f"{pair!r}: write key=value")
        toml = f"0{text}" if text.startswith(".") else text  # TOML has no .2
        try:
            values[key] = tomllib.loads(f"value = {toml}")["value"]
        except (ValueError, RecursionError):
            values[key] = text
    return values


def check(values: Mapping[str, Any]) -> None:
    """Checks that the values can stand in a file.

    Raises:
        ConfigError: A number is larger than TOML's, or a text is not one line of characters.
    """
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if type(one) is int and abs(one) > LARGEST:
                raise ConfigError(f"{key} must be a number of at most {LARGEST}")
            if isinstance(one, str) and NO_TEXT.search(one):
                raise ConfigError(f"{key} = {one!r}: must be one line of text")


def dumps(values: Mapping[str, Any]) -> str:
    """The text of a file, a line a key."""
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        # TOML's basic strings escape as JSON does.
        return json.dumps(value, ensure_ascii=False)
    return repr(value)
