"""What is told of a TensorRT graph without its device."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.deploy.ahead import build_ahead, check_ahead
from edgedf.deploy.calibration import Sample, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.half import half_precision
from edgedf.errors import GateError, InputError
from edgedf.nn.quantisation import CPU, TENSORRT


def test_a_graph_for_a_cpu_is_refused_with_the_rule_and_the_node(
    tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path
) -> None:
    statistics = record(tiny_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    with pytest.raises(GateError, match=r"model.onnx breaks \d+ of TensorRT's rules: zero-point: "):
        check_ahead("model.onnx", quantised(tiny_graph, statistics, CPU), [])
    check_ahead("model.onnx", half_precision(quantised(tiny_graph, statistics, TENSORRT)), [])


def test_a_gpu_that_it_does_not_build_for_is_named(tiny_graph: bytes) -> None:
    with pytest.raises(InputError, match="compute capability 90: choose from 75, 80"):
        build_ahead(tiny_graph, [86, 90])


@pytest.mark.parametrize("int8", [False, True])
def test_engines_are_built_without_a_gpu(
    student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path, int8: bool
) -> None:
    pytest.importorskip("tensorrt_rtx_bindings", reason="TensorRT for RTX is not installed")
    graph = student_graph
    if int8:
        statistics = record(graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
        graph = quantised(graph, statistics, TENSORRT)
    assert len(build_ahead(half_precision(graph), [75, 86, 89, 120])) > 100_000
