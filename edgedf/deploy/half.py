"""FP16 for TensorRT, which takes the types of a graph as they are and has no precision flag any more."""

from typing import Any

from edgedf.extras import need
from edgedf.runtime.onnx_contract import INPUT

OPSET = 20  # from 19 on Q/DQ nodes take and give FP16


def half_precision(graph: bytes) -> bytes:
    """The graph with FP16 in place of FP32, around INT8 layers too; its outputs stay FP32.

    Raises:
        MissingExtraError: The packages of the `export` extra are missing.
    """
    onnx = need("onnx", "export")
    float16 = need("onnxruntime.transformers.float16", "export")
    model = onnx.version_converter.convert_version(onnx.load_from_string(graph), OPSET)
    # An empty list of blocked operators: whatever stayed in FP32 would need casts on both sides.
    model = float16.convert_float_to_float16(model, keep_io_types=True, op_block_list=[])
    _cast_pixels_first(onnx, model.graph)
    return bytes(model.SerializeToString(deterministic=True))


def _cast_pixels_first(onnx: Any, graph: Any) -> None:
    """TensorRT takes UINT8 as an input, to be cast at once and nothing else; FP16 holds 0 to 255 exactly."""
    for node in graph.node:
        node.input[:] = [f"{INPUT}_half" if name == INPUT else name for name in node.input]
    cast = onnx.helper.make_node("Cast", [INPUT], [f"{INPUT}_half"], f"{INPUT}_cast", to=onnx.TensorProto.FLOAT16)
    nodes = [cast, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    for value in graph.value_info:  # bytes on the way to the network's own cast are FP16 now
        if value.type.tensor_type.elem_type == onnx.TensorProto.UINT8:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
