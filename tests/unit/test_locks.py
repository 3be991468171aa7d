"""One process at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgedf.errors import InputError
from edgedf.locks import alone

pytest.importorskip("fcntl")  # Windows has no such locks

HOLDS = """
import sys
from pathlib import Path
from edgedf.locks import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process, which holds a folder until its input ends."""
    words = [sys.executable, "-c", HOLDS, str(tmp_path / "held")]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_until_the_first_is_killed(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wait for its end"), alone(tmp_path / "held", "wait for its end"):
        pass
    holder.kill()
    holder.communicate()
    with alone(tmp_path / "held", "wait for its end"):
        pass


def test_the_second_waits_and_says_so(
    holder: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(text: str) -> None:
        assert text == f"waiting for another process that writes to {tmp_path / 'held'}"
        holder.communicate()

    monkeypatch.setattr("edgedf.locks.say", told)
    with alone(tmp_path / "held"):
        assert holder.returncode == 0


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path: Path) -> None:
    with alone(tmp_path / "new"):
        pass
    with alone(tmp_path / "used"):
        (tmp_path / "used" / "file").touch()
    with alone(tmp_path / "used"):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["used"]
