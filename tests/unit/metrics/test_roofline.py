"""The arithmetic of the roofline, on layers whose least times are round numbers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from edgedf.errors import InternalError
from edgedf.metrics.attainable import Copy, Layer, Peak
from edgedf.metrics.roofline import Kernel, Roofline

# 100 MACs and 50 bytes a nanosecond, or 10 bytes where more than a million are moved.
PEAK = Peak({"int8": 100.0, "f32": 25.0}, [Copy(1_000_000, 50.0), Copy(4_000_000, 10.0), Copy(2_000_000, 8.0)])
COMPUTES = Layer("a", "Conv", "stem", "int8", 4_000_000, 10_000, 20_000, 20_000)  # 40 us of MACs, 1 us of bytes
MOVES = Layer("b", "Cast", "stem", "", 0, 0, 1_000_000, 2_000_000)  # 300 us
FLOATS = Layer("c", "Gemm", "head", "f32", 1_000_000, 0, 0, 0)  # 40 us


@pytest.fixture
def found() -> Roofline:
    kernels = [
        Kernel("a", "QLinearConv", "int8", 60.0, "a"),
        Kernel("a_out", "DequantizeLinear", "int8", 20.0, "a"),
        Kernel("Reorder", "Reorder", "f32", 7.0, ""),
        Kernel("b", "Cast", "f32", 600.0, "b"),
        Kernel("c", "Gemm", "f32", 40.0, "c"),
    ]
    return Roofline("x.onnx", "onnxruntime", PEAK, [COMPUTES, MOVES, FLOATS], kernels, 0.57, 0.76)


def test_a_layer_takes_its_macs_or_its_bytes_whichever_takes_longer() -> None:
    assert PEAK.attainable_us(COMPUTES) == pytest.approx(40)
    assert PEAK.attainable_us(replace(COMPUTES, macs=1000)) == pytest.approx(1)
    assert PEAK.attainable_us(MOVES) == pytest.approx(300)


def test_bytes_move_as_fast_as_a_copy_of_as_many_or_more() -> None:
    assert [PEAK.gb_s(moved) for moved in (1, 1_000_000, 1_000_001, 4_000_000, 4_000_001)] == [50, 50, 10, 10, 10]


def test_a_peak_that_was_not_measured_is_told() -> None:
    with pytest.raises(InternalError, match="bf16"):
        PEAK.attainable_us(replace(COMPUTES, precision="bf16"))
    with pytest.raises(InternalError, match="above 0"):
        Peak({"f32": 0.0}, PEAK.copies)
    with pytest.raises(InternalError, match="needs a copy"):
        Peak({"f32": 1.0}, [])
    with pytest.raises(InternalError, match="a precision"):
        Peak({}, PEAK.copies)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latency_ms_p50": 0.0}, "a latency, or the least one, is none"),
        ({"layers": [], "kernels": []}, "a latency, or the least one, is none"),
        ({"layers": [replace(COMPUTES, macs=-1)]}, "cannot do so much"),
        ({"layers": [COMPUTES]}, "a layer that is not there"),
        ({"kernels": [Kernel("a", "Conv", "int8", 1e300, "a")]}, "takes no time, or too much"),
    ],
)
def test_measurements_that_cannot_be_are_refused(found: Roofline, change: dict[str, Any], message: str) -> None:
    """Or a report of them would divide by zero where it is drawn."""
    with pytest.raises(InternalError, match=message):
        replace(found, **change)


def test_the_network_takes_what_its_layers_take(found: Roofline) -> None:
    assert found.attainable_ms == pytest.approx(0.38)
    assert found.times_roofline == pytest.approx(1.5)
    assert found.profiler_share == pytest.approx(1 / 3)


def test_time_is_told_by_layer_and_stage_and_none_is_lost(found: Roofline) -> None:
    assert {one.name: one.measured_us for one in found.timed} == {"a": 80, "b": 600, "c": 40}
    assert [one.attained for one in found.timed] == pytest.approx([0.5, 0.5, 1.0])
    assert {one.name: one.measured_us for one in found.stages} == {"stem": 680, "head": 40, "other": 7}
    assert sum(one.measured_us for one in found.stages) == sum(one.time_us for one in found.kernels)
    assert sum(one.attainable_us for one in found.stages) == pytest.approx(1e3 * found.attainable_ms)


def test_an_int8_layer_that_ran_in_floating_point_is_told(found: Roofline) -> None:
    assert found.in_float == []
    kernels = [replace(one, precision="f32") for one in found.kernels]
    assert replace(found, kernels=kernels).in_float == ["a"]


def test_it_becomes_json(found: Roofline) -> None:
    again = json.loads(json.dumps(found.to_dict()))
    assert again["times_roofline"] == pytest.approx(1.5)
    assert again["stages"][0]["attained"] == pytest.approx(340 / 680)
