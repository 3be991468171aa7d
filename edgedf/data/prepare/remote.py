"""Photos and videos that lie elsewhere: fsspec finds them, and a copy is here only while its faces are cut."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgedf.data.prepare.cutting import Cutter
from edgedf.data.prepare.outcome import Clock, Face, Outcome
from edgedf.data.prepare.sources import Source
from edgedf.errors import InputError, first_line
from edgedf.extras import need

SHARDS = {".tar": "tar", ".zip": "zip"}
"""fsspec's name for the files in each kind of shard."""


@dataclass(frozen=True)
class RemoteSource(Source):
    """A photo or video behind a URL. There is nothing at its `path` but while it is cut.

    Attributes:
        url: Of the file, as fsspec reads it.
        version: Changes when the file does.
    """

    url: str
    version: str

    @property
    def address(self) -> str:
        """Where people find it."""
        return self.url

    @property
    def state(self) -> str:
        """Its version when it was listed: workers need not ask again."""
        return self.version


def is_url(path: str | Path) -> bool:
    """Whether fsspec is to read it."""
    return "://" in str(path)


def cut(cutter: Cutter, source: Source, shared: Sequence[Face] | None) -> Outcome:
    """Cuts the faces of a source, wherever it lies; see `Cutter.cut`.

    Raises:
        InputError: A package that reads such URLs is missing.
        OSError: The crops cannot be written.
    """
    if not isinstance(source, RemoteSource):
        return cutter.cut(source, shared)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="edgedf-") as folder:
        copy = replace(source, path=Path(folder) / source.path.name)
        try:
            with clock("fetch"):
                fetch(source.url, copy.path)
        except InputError:
            raise
        except Exception as error:  # each file system has errors of its own
            # Without a state: the fault may be the network's, so another run tries again.
            return Outcome(source.place, "", problem=f"cannot be fetched: {type(error).__name__}: {first_line(error)}")
        outcome = cutter.cut(copy, shared)
    outcome.problem = outcome.problem.replace(str(copy.path), source.url)
    outcome.seconds |= clock.seconds
    return outcome


def fetch(url: str, path: Path) -> None:
    """Copies a file; fails as its file system does.

    Raises:
        InputError: A package that reads such URLs is missing.
    """
    link, _, rest = url.partition("::")
    protocol, _, inside = link.partition("://")
    system, name = (_shard(protocol, rest), inside) if protocol in SHARDS.values() else file_system(url)
    system.get_file(name, str(path))


def file_system(url: str) -> tuple[Any, str]:
    """The file system that a URL is of, and its path there; fails as that file system does.

    Raises:
        InputError: There is none of that name, or its package is missing.
    """
    core = need("fsspec.core", "remote")
    try:
        system, name = core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InputError(f"{url} cannot be read: {first_line(error)}") from error
    return system, str(name)


@lru_cache(maxsize=1)  # or the index of a shard is read for each file in it
def _shard(protocol: str, rest: str) -> Any:
    return file_system(f"{protocol}://::{rest}")[0]


def forget_shards() -> None:
    """Forgets the index of the last shard, which may have been written anew."""
    _shard.cache_clear()
