"""Files that are never half-written, and their hashes."""

import ctypes
import errno
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from edgedf.errors import InputError

STALE_S = 3600.0  # after which a file that nobody writes to is one of a killed process


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to and renames it over `path` on success.

    A crash leaves the old file untouched; an exception removes the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        # Without the sync a power cut can leave an empty file under the final name.
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Deletes what writers of a file or folder that were killed left beside it, an hour or more ago."""
    for left in _left_in(path.parent.absolute()).get(path.name, ()):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


@lru_cache
def _left_in(folder: Path) -> dict[str, list[Path]]:
    """What writers have begun in a folder, by the name that it would get.

    Listed once a process: a run that writes thousands of pictures to one folder would list them all for each.
    """
    begun: dict[str, list[Path]] = {}
    for beside in folder.glob(".*.*.part"):
        begun.setdefault(beside.name[1:].rsplit(".", 2)[0], []).append(beside)
    return begun


def replace_folder(path: Path, beside: Path) -> None:
    """Puts the folder `beside` in the place of `path`; what was there is deleted.

    On Linux the two change places in one step, so that there is a whole folder at `path` at every moment; elsewhere,
    and on file systems that cannot do it, there is none for a moment.
    """
    if not path.exists():
        beside.replace(path)
    elif _exchange(path, beside):
        shutil.rmtree(beside)
    else:
        old = path.with_name(f".{path.name}.{os.getpid()}.old")
        path.replace(old)
        try:
            beside.replace(path)
        except OSError:
            old.replace(path)
            raise
        shutil.rmtree(old)


def _exchange(one: Path, other: Path) -> bool:
    """Whether two paths have changed places, by renameat2(2)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of <fcntl.h> and <stdio.h>
    return rename is not None and rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def read_whole(path: Path, most: int) -> bytes:
    """Content of a file of at most `most` bytes: what is named may be a device or a pipe without end.

    Raises:
        InputError: It is larger.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(f"{path} is larger than {most:,} bytes, the most that edgedf reads of such a file")
    return data


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all."""
    with replacing(path) as beside:
        beside.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes a UTF-8 file whole or not at all."""
    write_bytes(path, text.encode())


def check_folder(path: Path) -> None:
    """Checks, before long work, that a folder is at `path` or can be made there.

    Raises:
        InputError: A file is in the way, or this user may not write there.
    """
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise InputError(f"{there} is a file: name another folder to write")
    if not os.access(there, os.W_OK):
        raise InputError(f"{there} cannot be written to: name another folder")


def cache_root() -> Path:
    """Folder of everything that can be computed again: `$EDGEDF_CACHE`, or `~/.cache/edgedf`."""
    return Path(os.environ.get("EDGEDF_CACHE") or Path.home() / ".cache" / "edgedf")


def require_room(folder: Path, needed: int) -> None:
    """Makes sure that a folder of the cache can take `needed` bytes more.

    Raises:
        InputError: The disk has no room.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{folder} has {free / 1e9:.1f} GB free and this takes {needed / 1e9:.1f} GB: "
            "set EDGEDF_CACHE to a folder on a larger disk"
        )


@contextmanager
def disk_trouble(folder: Path) -> Iterator[None]:
    """Turns what a full or unwritable disk raises inside into one line that says what to do.

    Raises:
        InputError: The disk cannot take what is written.
    """
    try:
        yield
    except OSError as error:
        if not (what := trouble(error)):
            raise
        raise InputError(f"cannot write to {folder}: {what}; mend that and run the command again to go on") from error


def trouble(error: OSError) -> str:
    """What is wrong with the disk or with the system's limits; nothing where the error is of another kind."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many open files (ulimit -n tells the limit)"
    if error.errno in (errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT):
        return error.strerror or ""
    return ""


def allocate(path: Path, size: int) -> None:
    """Makes a file at least `size` bytes long, keeping what is in it.

    Its blocks are taken from the disk now where the system can: a hole in a writable map kills the process that
    fills it on a full disk.
    """
    path.touch()
    with path.open("r+b") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        elif file.seek(0, os.SEEK_END) < size:
            file.truncate(size)


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
