"""`benchmarks/noise.py` counts what reports say; that they say so of 8 %, only a quiet machine can show."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from edgedf.programs import load
from edgedf.runtime.timing import measure


def test_ties_and_found_slowdowns_are_counted(
    make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of eleven times its time is found on any machine."""
    program = load("benchmarks/noise.py")
    monkeypatch.setattr(program, "measure", partial(measure, rounds=10, turn_s=0.0, warm_up=1))
    monkeypatch.setattr(program, "SLOWER", 10.0)
    found = program.main(make_bundle("red"), runs=2)
    assert found["runs"] == found["found"] == 2
    assert found["ties"] == sum("a tie" in one["twin"] for one in found["told"])
    assert all(one["noise"] > 0 and one["slower"].endswith("times as slow") for one in found["told"])


def test_the_slower_call_waits_behind_the_call() -> None:
    start = time.perf_counter()
    load("benchmarks/noise.py").slowed(lambda: time.sleep(0.002), by_ms=3.0)()
    assert time.perf_counter() - start >= 0.005
