"""What was built or found out for this machine, kept in edgedf's cache so that the next start is quicker.

A file there is used whole or not at all, because a damaged one may load and score otherwise, and a cache that cannot
be read or written only costs time.
"""

from pathlib import Path

from edgedf.files import cache_root, sha256, write_bytes

MOST = 32  # files a runtime; the oldest make room


def recall(runtime: str, key: str) -> bytes | None:
    """What was kept under a key; None where nothing is, or where it is damaged.

    Args:
        runtime: Folder in the cache.
        key: Everything that the content depends on.
    """
    try:
        digest, _, data = _file(runtime, key).read_bytes().partition(b"\n")
    except (OSError, RuntimeError):  # RuntimeError: a user without a home
        return None
    return data if sha256(data).encode() == digest else None


def keep(runtime: str, key: str, data: bytes) -> None:
    """Keeps something under a key, see `recall`, where the cache can be written to."""
    try:
        file = _file(runtime, key)
        write_bytes(file, sha256(data).encode() + b"\n" + data)
        files = [one for one in file.parent.iterdir() if not one.name.startswith(".")]
        for old in sorted(files, key=lambda one: one.stat().st_mtime)[:-MOST]:
            old.unlink(missing_ok=True)
    except (OSError, RuntimeError):
        pass


def _file(runtime: str, key: str) -> Path:
    return cache_root() / runtime / sha256(key.encode())[:32]
