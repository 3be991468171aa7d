"""Small inputs that ask for much: each is read or refused in bounded time and memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.bombs import BOMBS

ROOT = Path(__file__).parents[2]
SECONDS, MB = 5, 1024
SLOWER = {"table_of_a_million_rows": 60, "png_just_allowed": 20}  # in proportion to what is there, on any machine


@pytest.mark.fuzz
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is told by Linux only")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_time_and_memory(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.bombs", name]
    ended = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])}, capture_output=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr.decode()[-500:]
    told = json.loads(ended.stdout)
    assert not told["bug"], told
    assert told["seconds"] < SLOWER.get(name, SECONDS) and told["mb"] < MB, told
