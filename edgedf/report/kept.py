"""What took long is kept beside a report, so that a rerun after an interruption goes on from there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgedf import strict_json
from edgedf.errors import InputError
from edgedf.files import read_whole, sha256, write_text
from edgedf.report.read import MOST
from edgedf.typed import read

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def kept_once(file: Path, kind: type[T], basis: Mapping[str, Any], make: Callable[[], T]) -> T:
    """What a file keeps for a basis; where it keeps nothing, that is made and put there.

    Args:
        file: JSON of what is kept, by the hash of its basis; one that cannot be read counts as empty.
        kind: The dataclass that is kept, see `edgedf.typed.read`.
        basis: Everything that the result depends on, JSON-able.
        make: Makes it.
    """
    key = sha256(json.dumps(basis, sort_keys=True).encode())
    try:
        return read(kind, _known(file)[key], "it")
    except (KeyError, InputError):
        made = make()
        write_text(file, json.dumps({**_known(file), key: asdict(made)}, indent=1) + "\n")
        return made


def _known(file: Path) -> dict[str, Any]:
    try:
        known = strict_json.loads(read_whole(file, MOST))
    except (OSError, ValueError, InputError):
        return {}
    return known if isinstance(known, dict) else {}
