"""`benchmarks/roofline.py` tells the roofline of each artefact; how fast this machine is, is no matter of a test."""

from pathlib import Path

import pytest

from edgedf.errors import InputError
from edgedf.programs import load
from edgedf.shipped import DEFAULT_STUDENT


def test_every_artefact_gets_tables_a_finding_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edgedf.deploy.peak.COPIES", (1 << 19, 1 << 20))
    found = load("benchmarks/roofline.py").main(DEFAULT_STUDENT, out=tmp_path, rounds=1)
    assert sorted(found["rooflines"]) == ["model.int8.onnx", "model.onnx"]
    for file, one in found["rooflines"].items():
        assert one["times_roofline"] == pytest.approx(one["latency_ms_p50"] / one["attainable_ms"])
        assert (tmp_path / f"{file}.svg").read_text().startswith("<svg")
    told = capsys.readouterr().out
    assert "stage 3" in told
    assert told.count("x its own roofline") == 2


def test_a_backend_without_a_profiler_is_refused() -> None:
    with pytest.raises(InputError, match="no artefact for tensorrt: take onnxruntime or openvino"):
        load("benchmarks/roofline.py").main(DEFAULT_STUDENT, backend="tensorrt")
