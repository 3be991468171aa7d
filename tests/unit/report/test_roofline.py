"""A roofline in words, tables and as a picture."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from edgedf.metrics.roofline import Copy, Kernel, Layer, Peak, Roofline
from edgedf.report.roofline import LAYERS, STAGES, finding, notes, roofline_plot, stage_rows, worst_rows

SHAPES = {"pixels": 0, "stem": 6_000_000, "stage 1": 10_000_000, "head": 1000}


@pytest.fixture
def found() -> Roofline:
    """Least times of .1 ms for the pixels and, at 100 GMAC/s, .06 and .1 ms; .26 ms in all."""
    layers = [
        Layer(f"node_{stage}", "Conv" if macs else "Transpose", stage, "int8" if macs else "", macs, 0, 0, 0)
        for stage, macs in SHAPES.items()
    ]
    layers = [replace(one, read_bytes=1000 if one.macs else 1_000_000) for one in layers]
    times = dict(zip(SHAPES, (300.0, 80.0, 110.0, 5.0), strict=True))
    kernels = [Kernel(one.name, one.op, one.precision, times[one.stage], one.name) for one in layers]
    kernels.append(Kernel("ReorderInput", "ReorderInput", "f32", 5.0, ""))
    peak = Peak({"int8": 100.0, "f32": 20.0}, [Copy(1 << 19, 50.0), Copy(1 << 28, 10.0)])
    return Roofline("m.int8.onnx", "onnxruntime", peak, layers, kernels, 0.4, 0.6)


def test_the_network_is_to_blame_where_its_work_is_most_of_the_latency(found: Roofline) -> None:
    assert "latency 0.400 ms is 1.54 x its own roofline of 0.260 ms; to blame is the network" in finding(found)
    assert "65% of the latency" in finding(found)


def test_else_the_runtime_is_to_blame_and_where_it_loses_the_most_is_told(found: Roofline) -> None:
    told = finding(replace(found, latency_ms_p50=0.6))
    assert told.endswith(
        "to blame is the runtime: it loses 57% of the latency, pixels the most (0.200 ms beyond its least)"
    )


def test_a_latency_below_the_roofline_blames_the_measurement(found: Roofline) -> None:
    assert "measure again" in finding(replace(found, latency_ms_p50=0.2))


def test_notes_tell_what_cannot_be_mapped_or_believed(found: Roofline) -> None:
    profiler, other = notes(found)
    assert profiler == "the profiler changes a call by +50%, to 0.600 ms; the kernels take 0.500 ms of it"
    assert "ReorderInput" in other
    kernels = [replace(one, precision="f32", time_us=one.time_us / 3) for one in found.kernels if one.layer]
    _, in_float, doubtful = notes(replace(found, kernels=kernels))
    assert in_float.endswith("node_stem, node_stage 1, node_head")
    assert doubtful.endswith("measured: node_stem, node_stage 1")


def test_tables_have_every_stage_their_sum_and_the_worst_layers_first(found: Roofline) -> None:
    rows = stage_rows(found)
    assert [one[0] for one in rows] == [*SHAPES, "other", "all"]
    assert all(len(one) == len(STAGES) for one in rows)
    assert rows[-1][1:] == ["16.00", "1003.0", "0.2600", "0.5000", "52%"]
    worst = worst_rows(found, 2)
    assert [one[0] for one in worst] == ["node_pixels", "node_stem"]
    assert worst[1] == ["node_stem", "Conv int8", "stem", "6000.0", "75.0", "0.0600", "0.0800", "75%"]
    assert len(worst[0]) == len(LAYERS)


def test_every_layer_that_multiplies_has_a_dot_below_its_roof(found: Roofline) -> None:
    text = roofline_plot(found)
    drawn = ElementTree.fromstring(text)
    told = [one.text or "" for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert [one.split(",")[0] for one in told[1:]] == ["node_stem", "node_stage 1", "node_head"]
    assert all(name in text for name in ("int8 100 GMAC/s", "f32 20 GMAC/s", "memory 10 GB/s", "caches 50 GB/s"))
    assert "layers without MACs, 0.300 ms" in text
    marks = [one.get("transform") or "" for one in drawn.iter() if one.get("class") == "mark"]
    heights = [float(one.partition(",")[2].removesuffix(")")) for one in marks[:3]]
    assert heights[1] < heights[0] < heights[2]  # of rates 91, 75 and .2 GMAC/s, downwards
