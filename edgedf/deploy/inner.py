"""Inner tensors of an artefact: what its layers give, beside its outputs.

The quantiser, OpenVINO and our ncnn networks keep the names that tensors have in the FP32 graph.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgedf.extras import need
from edgedf.runtime.backends import ncnn
from edgedf.runtime.backends.onnxruntime import session_options
from edgedf.runtime.ncnn_contract import REQUANTISED
from edgedf.runtime.ncnn_text import read_layers
from edgedf.runtime.onnx_contract import INPUT

Tensors = dict[str, NDArray[Any]]


class Inner(Protocol):
    """An artefact whose inner tensors can be asked for.

    Attributes:
        made_by: Name of the node that makes each tensor, in order of computation.
    """

    made_by: dict[str, str]

    def reader(self, names: Collection[str]) -> Callable[[NDArray[np.uint8]], Tensors]:
        """What gives the tensors of these names, which may be none, for crops (N, 256, 256, 3)."""


class InnerOnnx:
    """An ONNX graph in ONNX Runtime, its Q/DQ pairs computed as they stand if `unfused`."""

    def __init__(self, graph: bytes, *, unfused: bool = False) -> None:
        self._graph, self._unfused = graph, unfused
        nodes = need("onnx", "export").load_from_string(graph).graph.node
        self.made_by = {name: node.name for node in nodes for name in node.output if name}

    def reader(self, names: Collection[str]) -> Callable[[NDArray[np.uint8]], Tensors]:
        """See `Inner.reader`."""
        onnx, ort = need("onnx", "export"), need("onnxruntime", "export")
        model = onnx.load_from_string(self._graph)
        new = set(names) - {one.name for one in model.graph.output}
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(new))
        options = session_options(threads=0)  # all cores
        if self._unfused:
            options.add_session_config_entry("session.disable_quant_qdq", "1")
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        order = list(names)
        if not order:  # asked for none, it gives all outputs
            return lambda crops: {}
        return lambda crops: dict(zip(order, session.run(order, {INPUT: crops}), strict=True))


class InnerIr:
    """An OpenVINO IR, computed in f32 as its backend does."""

    def __init__(self, model: bytes, weights: bytes) -> None:
        self._core = need("openvino", "openvino").Core()
        self._model = self._core.read_model(model=model, weights=weights)
        operations = [one for one in self._model.get_ordered_ops() if one.get_type_name() not in ("Constant", "Result")]
        self.made_by = {
            name: one.get_friendly_name() for one in operations for port in one.outputs() for name in port.get_names()
        }

    def reader(self, names: Collection[str]) -> Callable[[NDArray[np.uint8]], Tensors]:
        """See `Inner.reader`."""
        model = self._model.clone()
        model.add_outputs(sorted(set(names) - {name for port in model.outputs for name in port.get_names()}))

        def read(crops: NDArray[np.uint8]) -> Tensors:
            model.reshape({INPUT: list(crops.shape)})
            compiled = self._core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            found = compiled.create_infer_request().infer({INPUT: crops})
            return {name: np.array(found[name]) for name in names}

        return read


class InnerNcnn:
    """An ncnn network; what a layer gives as bytes, for the next to read, is not shown."""

    def __init__(self, model: bytes, weights: bytes, precision: str) -> None:
        self._backend = ncnn.load(model, 1, weights, precision)
        layers = [one for one in read_layers(model) if one.values.get(8) != REQUANTISED]
        self.made_by = {name: one.name for one in layers for name in one.gives}

    def reader(self, names: Collection[str]) -> Callable[[NDArray[np.uint8]], Tensors]:
        """See `Inner.reader`."""
        order = [name for name in self.made_by if name in names]
        return lambda crops: dict(zip(order, self._backend.tensors(crops, order), strict=True))
