"""Saturation without VNNI: what is proven, what is found, and the simulated kernel."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgedf.deploy.calibration import Sample, Statistics, record
from edgedf.deploy.dialects import quantised
from edgedf.deploy.layers import layer_names
from edgedf.deploy.openvino import ir_from_onnx
from edgedf.deploy.saturation import Saturation, cpu_needs, pair_sums, pmaddubsw, saturates
from edgedf.nn.quantisation import CPU, OPENVINO
from edgedf.report import Environment
from edgedf.runtime.backends import load_backend

LARGEST = 64


@pytest.fixture(scope="module")
def statistics(tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    return record(tiny_graph, Sample(noise, 0, ["made"], "made"), tmp_path_factory.mktemp("seen")).of("minmax")


@pytest.fixture(scope="module")
def seven_bits(tiny_graph: bytes, statistics: Statistics) -> bytes:
    return quantised(tiny_graph, statistics, CPU)


def _planted(graph: bytes, layer: str, values: list[int]) -> bytes:
    """The graph with other first weights of a layer's fourth output, and 0 for the others."""
    model: Any = onnx.load_from_string(graph)
    made_by = {name: node for node in model.graph.node for name in node.output}
    (node,) = (node for node in model.graph.node if node.name == layer)
    (stored,) = (one for one in model.graph.initializer if one.name == made_by[node.input[1]].input[0])
    weights = onnx.numpy_helper.to_array(stored).copy()
    weights[3] = 0
    weights[3, : len(values), 0, 0] = values
    stored.CopyFrom(onnx.numpy_helper.from_array(weights, stored.name))
    return bytes(model.SerializeToString())


def test_seven_bits_never_saturate(seven_bits: bytes, noise: NDArray[np.uint8]) -> None:
    assert saturates(seven_bits, noise) == []
    assert cpu_needs([])[0].startswith("any CPU")


def test_eight_bits_may(tiny_graph: bytes, statistics: Statistics, noise: NDArray[np.uint8]) -> None:
    found = saturates(quantised(tiny_graph, statistics, replace(CPU, largest=127)), noise)
    assert [one.layer for one in found] == layer_names(tiny_graph)
    assert all(one.channels and one.share is not None and 0 <= one.share < 1 for one in found)


@pytest.mark.parametrize(
    ("value", "count", "could"), [(64, 16, False), (65, 16, True), (-64, 16, False), (-65, 2, True), (127, 1, False)]
)
def test_one_output_that_could_is_found(
    seven_bits: bytes, tiny_graph: bytes, noise: NDArray[np.uint8], value: int, count: int, could: bool
) -> None:
    layer = layer_names(tiny_graph)[1]
    found = saturates(_planted(seven_bits, layer, [value] * count), noise)
    assert [(one.layer, one.channels) for one in found] == ([(layer, 1)] if could else [])


def test_how_often_it_happens_is_counted(student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path) -> None:
    """In the stem, which reads the pixels' bytes: by 127 each, two overflow together from a sum of 259 on."""
    seen = record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    layer = layer_names(student_graph)[0]
    (found,) = saturates(_planted(quantised(student_graph, seen, CPU), layer, [127] * 48), noise)
    patches = noise.reshape(-1, 64, 4, 64, 4, 3).swapaxes(2, 3).reshape(-1, 48).astype(int)
    expected = (patches[:, ::2] + patches[:, 1::2] > 258).mean()
    assert found.share == pytest.approx(expected, abs=0.05)
    (need,) = cpu_needs([found, Saturation("dilated", 1, None)])
    assert need.startswith("a CPU with VNNI") and layer in need and "dilated (not counted)" in need


RUN = """
import sys, numpy as np
from edgedf.runtime.backends import load_backend
model, weights, crops, out = sys.argv[1:]
backend = load_backend("openvino", open(model, "rb").read(), 1, open(weights, "rb").read())
np.save(out, backend.run(np.load(crops)).embedding)
"""


@pytest.mark.parametrize(("values", "fits"), [([64, 64, -64, -64], True), ([127, 127, -64, -64], False)])
def test_openvino_gives_the_same_without_vnni(
    student_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path, values: list[int], fits: bool
) -> None:
    """Its own kernels, held to AVX2 in a process of its own; where the CPU has no VNNI both are of one kind."""
    seen = record(student_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    graph = _planted(quantised(student_graph, seen, OPENVINO), layer_names(student_graph)[0], values)
    white = np.append(noise[:3], np.full((1, 256, 256, 3), 255, np.uint8), 0)
    assert (saturates(graph, white) == []) is fits
    files = [tmp_path / name for name in ("model.xml", "model.bin", "crops.npy", "out.npy")]
    ir = ir_from_onnx(graph)
    files[0].write_bytes(ir.model)
    files[1].write_bytes(ir.weights)
    np.save(files[2], white)
    limited = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "EDGEDF_CACHE": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", RUN, *map(str, files)], check=True, env=limited)
    here = load_backend("openvino", ir.model, 1, ir.weights).run(white).embedding
    same = bool((np.load(files[3]) == here).all())
    assert same is (fits or not {"avx512_vnni", "avx_vnni"} & set(Environment.here().features))


def test_the_kernel_is_exact_up_to_64_and_saturates_beyond() -> None:
    random = np.random.default_rng(0)
    bytes_ = random.choice(np.array([0, 1, 128, 254, 255], np.uint8), (500, 64))
    safe = random.choice(np.array([-LARGEST, -1, 0, LARGEST], np.int8), 64)
    exact = np.einsum("nkp,kp->nk", bytes_.reshape(500, 32, 2).astype(int), safe.reshape(32, 2).astype(int))
    np.testing.assert_array_equal(pmaddubsw(bytes_, safe), exact)
    full = np.array([127, 127, -128, -128, 127, -128], np.int8)
    white = np.full(6, 255, np.uint8)
    assert pair_sums(white, full).tolist() == [64770, -65280, -255]
    assert pmaddubsw(white, full).tolist() == [32767, -32768, -255]
