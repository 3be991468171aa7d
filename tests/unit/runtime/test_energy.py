"""Energy from the processor's counters."""

from pathlib import Path

import pytest

from edgedf.runtime.energy import energy_per_call


def test_energy_is_shared_among_the_calls(tmp_path: Path) -> None:
    """Of both packages; a part of one, which is counted in it, is left out."""
    counters = [tmp_path / name for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0")]
    for one in counters:
        one.mkdir()
        (one / "energy_uj").write_text("1000")

    def call() -> None:
        for one, microjoules in zip(counters, (3000, 2000, 9000), strict=True):
            (one / "energy_uj").write_text(f"{1000 + microjoules}")

    assert energy_per_call(call, for_s=0.0, powercap=tmp_path) == pytest.approx(5.0)


def test_without_counters_nothing_is_called(tmp_path: Path) -> None:
    assert energy_per_call(lambda: pytest.fail("called"), powercap=tmp_path) is None


def test_a_counter_that_starts_anew_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "intel-rapl:0").mkdir()
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.write_text("1000")
    assert energy_per_call(lambda: counter.write_text("10"), for_s=0.0, powercap=tmp_path) is None
