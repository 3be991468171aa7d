"""OpenVINO IR: the graph as an `.xml` and its weights as a `.bin` file."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.errors import EdgedfError
from edgedf.extras import need


class Ir(NamedTuple):
    """The two files of an IR."""

    model: bytes
    weights: bytes


def ir_from_onnx(graph: bytes) -> Ir:
    """Converts an ONNX file; float weights are stored as FP16, which halves them, and computed with in f32.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        EdgedfError: It cannot convert the graph.
    """
    openvino = need("openvino", "openvino")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.xml"
        try:
            openvino.save_model(openvino.Core().read_model(model=graph), str(file), compress_to_fp16=True)
        except RuntimeError as error:
            raise EdgedfError(f"OpenVINO {openvino.__version__} cannot convert the graph ({error})") from error
        return Ir(file.read_bytes(), file.with_suffix(".bin").read_bytes())


def int8_layers(ir: Ir) -> list[str]:
    """Layers of an IR whose weights are 8-bit integers, by the names that their nodes had in ONNX."""
    model = need("openvino", "openvino").Core().read_model(model=ir.model, weights=ir.weights)
    return [
        _onnx_name(one) for one in model.get_ordered_ops() if one.get_type_name() in WEIGHTED and _has_int8_weights(one)
    ]


WEIGHTED = ("Convolution", "GroupConvolution", "MatMul")


def _onnx_name(operation: Any) -> str:
    return str(operation.get_friendly_name()).removesuffix("/WithoutBiases")


def _has_int8_weights(operation: Any) -> bool:
    source = operation.input_value(1).get_node()
    while source.get_type_name() in ("Multiply", "Subtract", "Convert", "Reshape"):
        source = source.input_value(0).get_node()
    return source.get_type_name() == "Constant" and source.get_element_type().get_type_name() in ("i8", "u8")
