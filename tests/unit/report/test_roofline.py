"""A roofline in words, tables and as a picture."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from edgedf.metrics.roofline import Roofline
from edgedf.report.roofline import LAYERS, STAGES, finding, notes, roofline_file, stage_rows, worst_rows

SHAPES = ("pixels", "stem", "stage 1", "head")


def test_the_network_is_to_blame_where_its_work_is_most_of_the_latency(roofline: Roofline) -> None:
    assert "latency 0.400 ms is 1.54 x its own roofline of 0.260 ms; to blame is the network" in finding(roofline)
    assert "65% of the latency" in finding(roofline)


def test_else_the_runtime_is_to_blame_and_where_it_loses_the_most_is_told(roofline: Roofline) -> None:
    told = finding(replace(roofline, latency_ms_p50=0.6))
    assert told.endswith(
        "to blame is the runtime: it loses 57% of the latency, pixels the most (0.200 ms beyond its least)"
    )


def test_a_latency_below_the_roofline_blames_the_measurement(roofline: Roofline) -> None:
    assert "measure again" in finding(replace(roofline, latency_ms_p50=0.2))


def test_notes_tell_what_cannot_be_mapped_or_believed(roofline: Roofline) -> None:
    profiler, other = notes(roofline)
    assert profiler == "the profiler changes a call by +50%, to 0.600 ms; the kernels take 0.500 ms of it"
    assert "ReorderInput" in other
    kernels = [replace(one, precision="f32", time_us=one.time_us / 3) for one in roofline.kernels if one.layer]
    _, in_float, doubtful = notes(replace(roofline, kernels=kernels))
    assert in_float.endswith("node_stem, node_stage 1, node_head")
    assert doubtful.endswith("measured: node_stem, node_stage 1")


def test_tables_have_every_stage_their_sum_and_the_worst_layers_first(roofline: Roofline) -> None:
    rows = stage_rows(roofline)
    assert [one[0] for one in rows] == [*SHAPES, "other", "all"]
    assert all(len(one) == len(STAGES) for one in rows)
    assert rows[-1][1:] == ["16.00", "1003.0", "0.2600", "0.5000", "52%"]
    worst = worst_rows(roofline, 2)
    assert [one[0] for one in worst] == ["node_pixels", "node_stem"]
    assert worst[1] == ["node_stem", "Conv int8", "stem", "6000.0", "75.0", "0.0600", "0.0800", "75%"]
    assert len(worst[0]) == len(LAYERS)


def test_every_layer_that_multiplies_has_a_dot_below_its_roof(roofline: Roofline) -> None:
    text = roofline_file(roofline)
    drawn = ElementTree.fromstring(text)
    told = [one.text or "" for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert [one.split(",")[0] for one in told[1:]] == ["node_stem", "node_stage 1", "node_head"]
    assert all(name in text for name in ("int8 100 GMAC/s", "f32 20 GMAC/s", "memory 10 GB/s", "caches 50 GB/s"))
    assert "layers without MACs, 0.300 ms" in text
    marks = [one.get("transform") or "" for one in drawn.iter() if one.get("class") == "mark"]
    heights = [float(one.partition(",")[2].removesuffix(")")) for one in marks[:3]]
    assert heights[1] < heights[0] < heights[2]  # of rates 91, 75 and .2 GMAC/s, downwards
