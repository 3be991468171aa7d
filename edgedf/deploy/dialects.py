"""Q/DQ dialects: the same statistics, written into a graph as each runtime likes it.

| | ONNX Runtime, OpenVINO | TensorRT, ncnn |
| --- | --- | --- |
| activations | uint8, asymmetric | int8, symmetric |
| weights | int8 per output channel, 7 bits | int8 per output channel, 8 bits |
| bias | int32 | float |
| placed | around each convolution and its activation | on what a convolution reads, and on the shortcut of a sum |

Without VNNI a CPU adds two products of 8-bit numbers in 16 bits, which overflow silently; with weights of 7 bits they
cannot, and the speed is the same. So there is one artefact for all CPUs; `saturation` proves it of each graph.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from edgedf.deploy.calibration import Range, Statistics
from edgedf.deploy.layers import layers
from edgedf.deploy.rounding import round_weights
from edgedf.extras import need
from edgedf.nn.quantisation import Dialect
from edgedf.runtime.onnx_contract import INPUT


def quantised(graph: bytes, statistics: Statistics, dialect: Dialect, keep_float: Collection[str] = ()) -> bytes:
    """The graph with Q/DQ pairs.

    Args:
        graph: FP32 ONNX file.
        statistics: Of the graph, by one method.
        dialect: Of the runtime it is for.
        keep_float: Names of convolutions to leave as they are, beside those that `layers` leaves out.

    Raises:
        MissingExtraError: The packages of the `export` extra are missing.
    """
    onnx = need("onnx", "export")
    original = onnx.load_from_string(graph)
    model = onnx.shape_inference.infer_shapes(original)
    ranges = statistics.ranges | {name: (0.0, 1.0) for name in pixel_shares(original.graph)}
    chosen = [node.name for node in layers(model) if node.name not in keep_float]
    if dialect.outputs:
        chosen += _carriers(model, chosen)
    quantizer = _quantizer(model, ranges, chosen, dialect)
    quantizer.quantize_model()
    quantizer.model.topological_sort()  # ONNX wants it, and the quantiser appends its nodes
    made = quantizer.model.model
    round_weights(onnx, made, original, statistics.moments, dialect.largest)
    if dialect.takes_bytes:
        _take_bytes(made.graph)
    return bytes(made.SerializeToString(deterministic=True))


def _quantizer(model: Any, ranges: dict[str, Range], chosen: list[str], dialect: Dialect) -> Any:
    """ONNX Runtime's own, told to write a dialect."""
    ort = need("onnxruntime.quantization", "export")
    return need("onnxruntime.quantization.qdq_quantizer", "export").QDQQuantizer(
        model,
        per_channel=True,
        reduce_range=dialect.largest == 64,
        weight_qType=ort.QuantType.QInt8,
        activation_qType=ort.QuantType.QInt8 if dialect.symmetric else ort.QuantType.QUInt8,
        tensors_range=_tensors(ort, ranges),
        nodes_to_quantize=chosen,
        nodes_to_exclude=[],
        op_types_to_quantize=["Conv", "Relu", "Clip", "Add"],
        extra_options={
            "ActivationSymmetric": dialect.symmetric,
            "WeightSymmetric": True,
            "QuantizeBias": dialect.bias,
            "AddQDQPairToWeight": dialect.symmetric,
            "DedicatedQDQPair": dialect.symmetric,  # TensorRT fuses a pair with one reader
            "OpTypesToExcludeOutputQuantization": [] if dialect.outputs else ["Conv"],
        },
    )


def pixel_shares(graph: Any) -> dict[str, str]:
    """Tensors that are bytes divided by 255, and the bytes that each is made of."""
    made_by = {name: node for node in graph.node for name in node.output}
    constants = {one.name: one for one in graph.initializer}
    found = {}
    for node in graph.node:
        cast = made_by.get(node.input[0]) if node.op_type == "Div" else None
        if cast is None or cast.op_type != "Cast" or node.input[1] not in constants:
            continue
        divisor = need("onnx", "export").numpy_helper.to_array(constants[node.input[1]])
        if divisor.size == 1 and divisor == 255 and _moves_pixels(made_by, cast.input[0]):
            found[node.output[0]] = cast.input[0]
    return found


def _moves_pixels(made_by: dict[str, Any], name: str) -> bool:
    """Whether a tensor is the input, or its pixels in another order."""
    while name != INPUT:
        node = made_by.get(name)
        if node is None or node.op_type not in ("Reshape", "Transpose"):
            return False
        name = node.input[0]
    return True


def _take_bytes(graph: Any) -> None:
    """Hands the pixels' bytes to the first layer as they are.

    A byte divided by 255 and then quantised in steps of 1 / 255 is that byte again.
    """
    bytes_of = pixel_shares(graph)
    pixels = {
        node.output[0]: bytes_of[node.input[0]]
        for node in graph.node
        if node.op_type == "QuantizeLinear" and node.input[0] in bytes_of
    }
    for node in graph.node:
        node.input[:] = [pixels.get(name, name) for name in node.input]
    _remove_unread(graph)


def _remove_unread(graph: Any) -> None:
    """Removes nodes that nothing reads any more."""
    outputs = {one.name for one in graph.output}
    for node in reversed(list(graph.node)):
        read = outputs | {name for other in graph.node for name in other.input}
        if not read.intersection(node.output):
            graph.node.remove(node)


def _carriers(model: Any, chosen: Collection[str]) -> list[str]:
    """Activations and sums behind quantised convolutions: quantised too, they pass bytes on."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    taken, found = set(chosen), []
    for node in model.graph.node:  # in order of computation
        sources = [made_by.get(name) for name in node.input]
        behind = [source is not None and source.name in taken for source in sources]
        if (node.op_type in ("Relu", "Clip") and behind[0]) or (node.op_type == "Add" and all(behind)):
            taken.add(node.name)
            found.append(node.name)
    return found


def _tensors(ort: Any, ranges: dict[str, Range]) -> Any:
    calibrate = need("onnxruntime.quantization.calibrate", "export")
    data = {
        name: calibrate.TensorData(lowest=np.float32(low), highest=np.float32(high))
        for name, (low, high) in ranges.items()
    }
    return calibrate.TensorsData(ort.CalibrationMethod.MinMax, data)
