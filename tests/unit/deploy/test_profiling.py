"""What the runtimes' profilers tell, mapped to the layers of the graph."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.deploy.cost import Costs, layer_costs
from edgedf.deploy.openvino import ir_from_onnx
from edgedf.deploy.profiling import FIRST, Profile, profiler
from edgedf.errors import UnavailableError
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
    said = {one.name: one.precision for one in costs.layers if one.macs}
    # Between two layers in INT8 ONNX Runtime quantises the weights of one that the graph leaves in FP32.
    left = {name for name, one in said.items() if one == "f32" and ran.get(name) == "int8"}
    assert ran == said | dict.fromkeys(left, "int8") and left <= {"node_conv2d_1"}


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
