"""Starts of processes."""

from pathlib import Path

import pytest

from edgedf.errors import InternalError
from edgedf.runtime.cold import cold_start, memory
from edgedf.shipped import DEFAULT_STUDENT


def test_a_process_of_its_own_tells_its_times_and_memory() -> None:
    found = cold_start(DEFAULT_STUDENT, threads=1, count=1)
    assert found.process_ms > found.load_ms + found.first_ms > found.first_ms > 0
    if found.peak_mb is not None and found.steady_mb is not None:
        assert 20 < found.steady_mb <= found.peak_mb < 1000


def test_a_process_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match=r"cannot load .*none\.edgedf") as caught:
        cold_start(tmp_path / "none.edgedf", threads=1, count=1)
    assert "\n" not in str(caught.value)


def test_memory_is_that_of_the_status(tmp_path: Path) -> None:
    status = tmp_path / "status"
    assert memory(status) == {"peak_mb": None, "steady_mb": None}
    status.write_text("Name:\tpython\nVmHWM:\t   2000 kB\nVmRSS:\t   1000 kB\n")
    assert memory(status) == {"peak_mb": 2.048, "steady_mb": 1.024}
