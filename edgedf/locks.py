"""One process at a time, by locks that a killed process frees."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgedf.console import say
from edgedf.errors import InputError


@contextmanager
def alone(folder: Path, refusal: str = "") -> Iterator[None]:
    """Keeps other processes out of a folder that they would write to with this, too.

    The folder itself is locked, so that no file is left behind; where it is made for this and nothing is written, it is
    removed. Windows, and a file system that cannot lock folders, keep no one out.

    Args:
        folder: Made where it is missing.
        refusal: What to say in place of waiting where another process is there first.

    Raises:
        InputError: Another process is there, and there is a refusal.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        yield
        return
    try:
        lock(handle, folder, refusal)
        yield
    finally:
        os.close(handle)
        if new:
            with suppress(OSError):
                folder.rmdir()


def lock(handle: int, place: Path, refusal: str = "") -> None:
    """Locks an open file or folder until it is closed; says so where that means to wait.

    Args:
        handle: Its descriptor.
        place: What to name in the message.
        refusal: See `alone`.

    Raises:
        InputError: See `alone`.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if refusal:
            raise InputError(refusal) from None
        say(f"waiting for another process that writes to {place}")
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # the file system has no locks
        pass
