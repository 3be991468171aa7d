"""What a runtime keeps between starts: whole, its own, bounded, and never an error."""

import os
from pathlib import Path

import pytest

from edgedf.files import cache_root
from edgedf.runtime.build_cache import MOST, keep, recall


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "cache"))


def files() -> list[Path]:
    return sorted((cache_root() / "some").iterdir(), key=lambda file: file.stat().st_mtime)


def test_what_was_kept_is_recalled_by_its_key_alone() -> None:
    assert recall("some", "a") is None
    keep("some", "a", b"one\ntwo\n")
    keep("some", "b", b"")
    assert (recall("some", "a"), recall("some", "b")) == (b"one\ntwo\n", b"")
    assert recall("some", "c") is None and recall("other", "a") is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:70] + b"?" + data[71:], lambda data: b""]
)
def test_a_damaged_file_is_not_used(damage: object) -> None:
    keep("some", "a", b"0123456789")
    [file] = files()
    assert callable(damage)
    file.write_bytes(damage(file.read_bytes()))
    assert recall("some", "a") is None
    keep("some", "a", b"again")
    assert recall("some", "a") == b"again"


def test_the_oldest_make_room() -> None:
    for i in range(MOST):
        keep("some", str(i), b"")
    for age, file in enumerate(reversed(files())):
        os.utime(file, (1e9 - age, 1e9 - age))
    keep("some", "new", b"new")
    assert len(files()) == MOST
    assert recall("some", "new") == b"new" and recall("some", "0") is None


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_root().parent.mkdir(exist_ok=True)
    cache_root().write_text("a file in its place")
    keep("some", "a", b"one")
    assert recall("some", "a") is None
    monkeypatch.delenv("EDGEDF_CACHE")
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-here").expanduser())  # RuntimeError
    keep("some", "a", b"one")
    assert recall("some", "a") is None
