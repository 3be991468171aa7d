"""Progress and tables."""

import pytest

from edgedf import console


def test_progress_passes_every_item_on_and_counts_at_intervals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(0, 1000, 6))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    assert list(console.progress(iter(range(4)), "packing", 4)) == [0, 1, 2, 3]
    assert capsys.readouterr().out.splitlines() == [
        "packing: 2/4, 12 s, 12 s left",
        "packing: 4/4, 24 s, 0 s left",
        "packing: 4 in 30 s",
    ]


def test_quick_work_prints_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(console.progress([1, 2, 3], "adding")) == 6
    assert capsys.readouterr().out == ""
