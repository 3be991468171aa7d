"""`benchmarks/overhead.py` tells both latencies and their ratio; how large it is, is no matter of a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgedf.programs import load


def test_the_share_follows_from_the_latencies(make_bundle: Callable[..., Path]) -> None:
    found = load("benchmarks/overhead.py").main(make_bundle("red"), rounds=2)
    assert found["session_ms_p50"] > 0
    assert found["overhead_share"] == pytest.approx(found["engine_ms_p50"] / found["session_ms_p50"] - 1)
