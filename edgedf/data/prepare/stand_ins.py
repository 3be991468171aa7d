"""Sources behind URLs and in shards, found by what finds them in local folders.

What is there is listed once. Each file gets a stand-in of its name in a temporary folder, which only says where the
file is, and the few tables that tell labels and groups are copied: so every layout that is known locally is known
everywhere.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from edgedf.data.dataset import Log
from edgedf.data.prepare.remote import SHARDS, RemoteSource, fetch, file_system, forget_shards, is_url
from edgedf.data.prepare.sources import Source, find_sources
from edgedf.errors import InputError, first_line

TABLES = {"labels.csv", "metadata.json", "train.json", "val.json", "test.json", "List_of_testing_videos.txt"}
"""What the readers of datasets read."""


class File(NamedTuple):
    """A file that was listed.

    Attributes:
        parts: Of its path below what was listed.
        url: Of its own.
        version: Changes when it does.
    """

    parts: tuple[str, ...]
    url: str
    version: str


def find_anywhere(paths: Sequence[str | Path], label: str | None, grouping: str | None, log: Log) -> list[Source]:
    """Lists the photos and videos below paths and URLs; see `find_sources`.

    Raises:
        InputError: A path or URL is of no use, or the label of one is not known.
        DatasetError: A dataset is unusable, or the grouping says nothing of some sources.
    """
    if not any(map(_is_elsewhere, paths)):
        return find_sources([Path(path) for path in paths], label, grouping, log)
    forget_shards()
    with tempfile.TemporaryDirectory(prefix="edgedf-") as folder:
        stand_ins = StandIns(Path(folder))
        here = [stand_ins.of(path) if _is_elsewhere(path) else Path(path) for path in paths]
        try:
            found = find_sources(here, label, grouping, lambda line: log(stand_ins.named(line)))
        except InputError as error:
            error.args = (stand_ins.named(str(error)),)
            raise
        return [stand_ins.replaced(one) for one in found]


class StandIns:
    """Stand-ins of remote files.

    Args:
        folder: Where to put them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, str] = {}
        self._files: dict[Path, File] = {}

    def of(self, path: str | Path) -> Path:
        """A folder, or file, in which every file behind a URL or in a local shard has a stand-in.

        Raises:
            InputError: It cannot be listed, or holds nothing.
        """
        if str(path).endswith(".csv"):
            raise InputError(f"{path}: name its folder, in which the table is called labels.csv")
        url = str(path) if is_url(path) else f"file://{Path(path).absolute().as_posix()}"
        root = self._folder / str(len(self._names)) / _name(url)
        self._names[root] = str(path)
        try:
            for file in _listed(url):
                self._stand_in(root.joinpath(*file.parts), file)
        except InputError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise InputError(f"cannot list {path}: {type(error).__name__}: {first_line(error)}") from error
        if not root.exists():
            raise InputError(f"{path} does not exist, or holds no file")
        return root

    def _stand_in(self, place: Path, file: File) -> None:
        if ".." in file.parts:
            raise InputError(f"{file.url} leaves its folder: take it out, or name it by itself")
        place.parent.mkdir(parents=True, exist_ok=True)
        self._files[place] = file
        if place.name in TABLES:
            fetch(file.url, place)
        else:
            place.write_bytes(file.url.encode())  # no two are the same, or they would be taken for copies

    def named(self, text: str) -> str:
        """A text in which what the user named stands for where its stand-ins are."""
        for root, name in self._names.items():
            text = text.replace(str(root), name)
        return text

    def replaced(self, source: Source) -> Source:
        """The source that a stand-in stands for, or the source itself."""
        file = self._files.get(source.path)
        return RemoteSource(source.path, source.place, source.cells, file.url, file.version) if file else source


def _is_elsewhere(path: str | Path) -> bool:
    """Whether it is a URL or a local shard."""
    return is_url(path) or (Path(path).suffix.lower() in SHARDS and Path(path).is_file())


def _name(url: str) -> str:
    """What sources of a URL are filed by: the name of the folder or file, a shard's without its ending."""
    *chain, last = url.split("::")
    for link in [*(one for one in chain if "://" in one), last]:
        name = PurePosixPath(urlsplit(link).path if link.startswith("http") else link.rpartition("://")[2]).name
        if name not in ("", ".."):
            return name.removesuffix(next((end for end in SHARDS if name.endswith(end)), ""))
    raise InputError(f"{url} names no folder and no file")


def _listed(url: str) -> Iterator[File]:
    """The files behind a URL, and those in the shards there."""
    system, root = file_system(url)
    _, _, chained = url.partition("::")
    shard = _version(_info(chained)) if chained else ""
    for name, info in system.find(root, detail=True).items():
        inside = name.removeprefix(root).strip("/")
        path = PurePosixPath(inside)
        own = _below(url, inside) if inside else url
        kind = PurePosixPath(name).suffix.lower()
        if kind in SHARDS:
            prefix = path.with_suffix("").parts if inside else ()
            yield from (file._replace(parts=prefix + file.parts) for file in _listed(f"{SHARDS[kind]}://::{own}"))
        elif not name.endswith("/"):  # an empty object that makes a folder of its name
            yield File(path.parts, own, _version(info or system.info(name), shard))


def _info(url: str) -> Mapping[str, Any]:
    system, name = file_system(url)
    return dict(system.info(name))


def _below(url: str, inside: str) -> str:
    """URL of a file below another; of links in a chain, it is the first with a path that it belongs to."""
    links = url.split("::")
    at = next(i for i, link in enumerate(links) if "://" in link)
    links[at] += inside if links[at].endswith("/") else f"/{inside}"
    return "::".join(links)


def _version(info: Mapping[str, Any], shard: str = "") -> str:
    """Size, and a hash of whatever else a file system tells of a file: times, checksums, tags."""
    facts = sorted((key, str(value)) for key, value in info.items() if isinstance(value, str | int | float | datetime))
    return f"{info.get('size')}-{hashlib.sha256(f'{shard} {facts}'.encode()).hexdigest()[:16]}"
