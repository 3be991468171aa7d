"""`benchmarks/soak.py` runs so many frames, and fails where something grows; `soak_plot.py` draws what it saw."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from edgedf.errors import GateError, InputError
from edgedf.programs import load


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_it_samples_the_process_and_fails_on_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    program = load("benchmarks/soak.py")
    with monkeypatch.context() as patch:  # so few frames tell nothing
        patch.setattr(program, "MOST_BYTES", float("inf"))
        patch.setattr(program, "MOST_DRIFT", float("inf"))
        result = program.main(200)
    assert [one["frames"] for one in result["samples"]] == list(range(2, 201, 2))
    assert result["stats"]["frames"] == 200 and result["stats"]["looks"] > 4 and result["stats"]["faces"] > 2
    assert result["grown_threads"] <= 0 == result["grown_files"]
    sound: dict[str, Any] = result | {"grown_bytes": 0, "grown_threads": 0, "drift": 1.0}
    program._check(sound)
    for change in ({"grown_bytes": 9 << 20}, {"grown_threads": 1}, {"grown_files": 1}, {"drift": 2.0}):
        with pytest.raises(GateError):
            program._check(sound | change)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_at_a_camera_s_pace_it_takes_its_time_and_what_it_saw_is_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, record, picture = load("benchmarks/soak.py"), tmp_path / "soak.json", tmp_path / "soak.png"
    monkeypatch.setattr(program, "_check", lambda result: None)  # so few frames tell nothing
    result = program.main(100, pace=50, out=record)
    kept = json.loads(record.read_text())
    assert kept["pace"] == 50 and kept["samples"] == result["samples"]
    assert kept["samples"][-1]["seconds"] >= 99 / 50
    assert result["stats"]["frames"] + result["stats"]["dropped"] <= 100
    drawn = load("benchmarks/soak_plot.py").main(record, picture)
    assert drawn["frames"] == kept["samples"][-1]["frames"]
    with Image.open(picture) as image:
        assert image.width > 600


def test_growth_is_the_slope_and_not_the_noise() -> None:
    program = load("benchmarks/soak.py")
    even = {"threads": 3, "files": 9, "dropped": 0, "p95_ms": 9.0, "load": 0.1}
    samples = [
        program.Sample(frames=10 * i, bytes=i % 2 * 4096 + 100 * i, p50_ms=1 + i / 100, seconds=float(i), **even)
        for i in range(1, 101)
    ]
    grown = program._grown(samples)
    assert 7_600 < grown["grown_bytes"] < 8_200  # 100 bytes a sample, 79 samples
    assert grown["drift"] == pytest.approx(1.928 / 1.285, abs=0.01)


def test_what_is_no_record_and_what_is_too_few_frames_are_one_line(tmp_path: Path) -> None:
    record = tmp_path / "soak.json"
    for content in ("{}", "[]", "no JSON"):
        record.write_text(content)
        with pytest.raises(InputError, match="is not what"):
            load("benchmarks/soak_plot.py").main(record, tmp_path / "soak.png")
    with pytest.raises(InputError, match="hardly a frame"):
        load("benchmarks/soak.py")._grown([])
