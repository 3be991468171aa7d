"""`benchmarks/artefact_speed.py` times every form in one run; how fast they are is no matter of a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edgedf.programs import load


def test_a_gain_is_against_the_same_network_and_runtime(
    make_bundle: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    program = load("benchmarks/artefact_speed.py")
    rows = program.main(make_bundle("red"), peers=["mobilenet_v3_small"], rounds=1)["rows"]
    medians = {(row["network"], row["backend"], row["precision"]): row["p50_ms"] for row in rows}
    assert len(medians) == 5
    gains = {(row["network"], row["backend"]): row["against_float"] for row in rows if row["against_float"]}
    assert gains == {
        ("mobilenet_v3_small", "onnxruntime"): pytest.approx(
            medians["mobilenet_v3_small", "onnxruntime", "fp32"] / medians["mobilenet_v3_small", "onnxruntime", "int8"]
        ),
        ("mobilenet_v3_small", "openvino"): pytest.approx(
            medians["mobilenet_v3_small", "openvino", "fp16 weights, f32"]
            / medians["mobilenet_v3_small", "openvino", "int8, f32"]
        ),
    }
    assert "| red | onnxruntime | fp32 |" in capsys.readouterr().out
