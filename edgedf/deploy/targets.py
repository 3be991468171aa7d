"""Targets: which artefacts a runtime gets, and how each is made from the FP32 graph."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from edgedf.deploy.calibration import Statistics
from edgedf.deploy.dialects import quantised
from edgedf.deploy.half import half_precision
from edgedf.deploy.ncnn import ncnn_from_onnx
from edgedf.deploy.openvino import ir_from_onnx
from edgedf.errors import InputError
from edgedf.nn.quantisation import CPU, OPENVINO, TENSORRT, Dialect

FLOAT = "model.onnx"


@dataclass(frozen=True)
class Built:
    """An artefact before it is judged.

    Attributes:
        file: Path in the bundle.
        backend: Its runtime.
        precision: See `Artefact.precision`.
        model: Content of the file.
        weights: Content of its second file, `weights_file`.
        weights_file: Path of that, or nothing.
        needs: What it runs on.
        qdq: The ONNX graph with Q/DQ pairs that an INT8 artefact for CPUs is or was made from.
    """

    file: str
    backend: str
    precision: str
    model: bytes
    weights: bytes = b""
    weights_file: str = ""
    needs: list[str] = field(default_factory=list)
    qdq: bytes = b""


class Target(NamedTuple):
    """How a runtime gets its artefacts.

    Attributes:
        whole: Makes the one in floating point from the FP32 graph.
        int8: Makes the one in INT8 from that, its statistics and the names of layers to leave in floating point.
        dialect: Rules of the latter.
    """

    whole: Callable[[bytes], Built]
    int8: Callable[[bytes, Statistics, Sequence[str]], Built]
    dialect: Dialect


ANY_CPU = ["any CPU: ncnn sums products of INT8 in 32 bits"]
GPU = ["an NVIDIA GPU, TensorRT 10.12 or later"]


def _onnx(graph: bytes) -> Built:
    return Built(FLOAT, "onnxruntime", "fp32", graph)


def _onnx_int8(graph: bytes, statistics: Statistics, keep_float: Sequence[str]) -> Built:
    model = quantised(graph, statistics, CPU, keep_float)
    return Built("model.int8.onnx", "onnxruntime", "int8", model, qdq=model)


def _openvino(graph: bytes) -> Built:
    return _ir("openvino/model", "fp16 weights, f32", graph)


def _openvino_int8(graph: bytes, statistics: Statistics, keep_float: Sequence[str]) -> Built:
    model = quantised(graph, statistics, OPENVINO, keep_float)
    return replace(_ir("openvino/model.int8", "int8, f32", model), qdq=model)


def _ir(stem: str, precision: str, graph: bytes) -> Built:
    model, weights = ir_from_onnx(graph)
    return Built(f"{stem}.xml", "openvino", precision, model, weights, f"{stem}.bin")


def _ncnn(graph: bytes) -> Built:
    model, weights = ncnn_from_onnx(graph)
    return Built("ncnn/model.param", "ncnn", "fp16 weights, f32", model, weights, "ncnn/model.bin")


def _ncnn_int8(graph: bytes, statistics: Statistics, keep_float: Sequence[str]) -> Built:
    model, weights = ncnn_from_onnx(quantised(graph, statistics, TENSORRT, keep_float))
    return Built("ncnn/model.int8.param", "ncnn", "int8, f32", model, weights, "ncnn/model.int8.bin", ANY_CPU)


def _tensorrt(graph: bytes) -> Built:
    return Built("tensorrt/model.fp16.onnx", "tensorrt", "fp16", half_precision(graph), needs=GPU)


def _tensorrt_int8(graph: bytes, statistics: Statistics, keep_float: Sequence[str]) -> Built:
    model = half_precision(quantised(graph, statistics, TENSORRT, keep_float))
    return Built("tensorrt/model.int8.onnx", "tensorrt", "int8, fp16", model, needs=GPU)


TARGETS = {
    "onnx": Target(_onnx, _onnx_int8, CPU),
    "openvino": Target(_openvino, _openvino_int8, OPENVINO),
    "ncnn": Target(_ncnn, _ncnn_int8, TENSORRT),
    "tensorrt": Target(_tensorrt, _tensorrt_int8, TENSORRT),
}


def check_targets(targets: Sequence[str]) -> None:
    """Makes sure that all targets are known.

    Raises:
        InputError: One is not.
    """
    unknown = [target for target in targets if target not in TARGETS]
    if unknown:
        raise InputError(f"target {', '.join(unknown)} is unknown: use {', '.join(TARGETS)}")
