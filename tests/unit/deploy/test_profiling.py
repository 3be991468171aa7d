"""What the runtimes' profilers tell, mapped to the layers of the graph."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.deploy.calibration import Sample, record
from edgedf.deploy.cost import Costs, layer_costs
from edgedf.deploy.dialects import quantised
from edgedf.deploy.layers import layer_names
from edgedf.deploy.openvino import ir_from_onnx
from edgedf.deploy.profiling import FIRST, Profile, profiler
from edgedf.errors import UnavailableError
from edgedf.nn.quantisation import CPU
from edgedf.shipped import DEFAULT_STUDENT

LAYOUT = {"Transpose", "ReorderInput", "ReorderOutput", "Reorder", "Subgraph"}  # what a runtime adds of its own


def profile(backend: str, model: bytes, weights: bytes, costs: Costs, crops: NDArray[np.uint8]) -> Profile:
    found = profiler(backend, model, weights, "fp32" if backend == "onnxruntime" else "f32")
    for _ in range(FIRST + 2):
        found.run(crops[:1])
    return found.profile(lambda name: costs.places.get(name, ""))


def check(found: Profile, costs: Costs) -> None:
    """Every layer with MACs has a kernel, and what has no layer only moves data about."""
    assert {one.name for one in costs.layers if one.macs} <= {one.layer for one in found.kernels}
    assert {one.op for one in found.kernels if not one.layer} <= LAYOUT
    assert 0 < sum(one.time_us for one in found.kernels) / 1e3 < 5 * found.call_ms  # medians of kernels and of calls


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_every_layer_of_the_shipped_student_is_found_in_onnx_runtime(precision: str, noise: NDArray[np.uint8]) -> None:
    bundle = open_bundle(DEFAULT_STUDENT)
    [graph] = [bundle.read(one) for one in bundle.manifest.artefacts if one.precision == precision]
    costs = layer_costs(graph)
    found = profile("onnxruntime", graph, b"", costs, noise)
    check(found, costs)
    ran = {one.layer: one.precision for one in found.kernels if one.op in ("Conv", "QLinearConv", "Gemm")}
    assert ran == {one.name: one.precision for one in costs.layers if one.macs}


def test_onnx_runtime_leaves_a_layer_in_floating_point(
    student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Of itself it gives 8-bit weights to a layer whose neighbours are in INT8."""
    layers = layer_names(student_graph)
    seen = record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    graph = quantised(student_graph, seen, CPU, keep_float=[layers[2]])
    found = profile("onnxruntime", graph, b"", layer_costs(graph), noise)
    assert [one.precision for one in found.kernels if one.layer in layers[1:4] and "Conv" in one.op] == [
        "int8",
        "f32",
        "int8",
    ]


def test_every_layer_is_found_in_openvino(noise: NDArray[np.uint8]) -> None:
    bundle = open_bundle(DEFAULT_STUDENT)
    [graph] = [bundle.read(one) for one in bundle.manifest.artefacts if one.precision == "fp32"]
    costs = layer_costs(graph)
    found = profile("openvino", *ir_from_onnx(graph), costs, noise)
    check(found, costs)
    assert {one.precision for one in found.kernels if one.op == "Convolution"} == {"f32"}


def test_a_backend_without_a_profiler_is_told() -> None:
    with pytest.raises(UnavailableError, match="tensorrt has no profiler"):
        profiler("tensorrt", b"", b"", "fp16")
