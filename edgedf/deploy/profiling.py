"""Time of each kernel, as the runtimes' own profilers tell."""

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import UnavailableError
from edgedf.extras import need
from edgedf.metrics.attainable import INT8
from edgedf.metrics.roofline import Kernel
from edgedf.runtime.backends import openvino as openvino_backend
from edgedf.runtime.backends.onnxruntime import session_options
from edgedf.runtime.onnx_contract import INPUT

FIRST = 5  # calls that allocate and tune: OpenVINO's counters cannot leave them out by themselves
SUFFIX = "_kernel_time"
# What ONNX Runtime's optimiser adds to the name of a node or tensor when it makes a kernel of it.
ADDED = re.compile(r"^fused |(_nchwc|_token_\d+|/duplicated)+$")


class Profile(NamedTuple):
    """What a profiler told.

    Attributes:
        kernels: In order of computation.
        call_ms: Median of a profiled call.
    """

    kernels: list[Kernel]
    call_ms: float


class Profiler(Protocol):
    """An artefact whose calls are profiled, one crop and one thread each."""

    def run(self, crops: NDArray[np.uint8]) -> object:
        """A profiled call on a crop (1, 256, 256, 3)."""

    def profile(self, layer_of: Callable[[str], str]) -> Profile:
        """What the calls so far took, of which there must be more than `FIRST`; none may follow.

        Args:
            layer_of: Gives the layer of a node or tensor of the ONNX graph, by its name, or nothing.
        """


def profiler(backend: str, model: bytes, weights: bytes, precision: str) -> Profiler:
    """A profiler of an artefact.

    Raises:
        UnavailableError: There is none for this backend.
    """
    if backend == "onnxruntime":
        return OnnxProfiler(model)
    if backend == "openvino":
        return IrProfiler(model, weights, precision)
    raise UnavailableError(f"{backend} has no profiler here: take onnxruntime or openvino")


class OnnxProfiler:
    """ONNX Runtime's, which writes a JSON file of events; their times are whole microseconds."""

    def __init__(self, model: bytes) -> None:
        self._folder = tempfile.TemporaryDirectory()
        options = session_options(threads=1)
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(self._folder.name) / "profile")
        ort = need("onnxruntime", "all")
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(self, crops: NDArray[np.uint8]) -> object:
        """See `Profiler.run`."""
        return self._session.run(None, {INPUT: crops})

    def profile(self, layer_of: Callable[[str], str]) -> Profile:
        """See `Profiler.profile`."""
        with self._folder:
            events = json.loads(Path(self._session.end_profiling()).read_text())
        calls = [one["dur"] for one in events if one["name"] == "model_run"]
        found: dict[str, list[Mapping[str, Any]]] = {}
        for event in events:
            if event["cat"] == "Node" and event["name"].endswith(SUFFIX):
                # Kernels of nodes without a name are told apart by their place.
                found.setdefault(f"{event['args']['node_index']} {event['name']}", []).append(event)
        return Profile([_onnx_kernel(some, layer_of) for some in found.values()], float(np.median(calls)) / 1e3)


def _onnx_kernel(events: list[Mapping[str, Any]], layer_of: Callable[[str], str]) -> Kernel:
    """A kernel of its events, one a call."""
    name = events[0]["name"].removesuffix(SUFFIX)
    arguments = events[0]["args"]
    inputs = arguments.get("input_type_shape", [])
    element = next(iter(inputs[0])) if inputs else ""
    precision = {"float": "f32", "float16": "f16", "uint8": INT8, "int8": INT8}.get(element, "")
    time_us = float(np.median([one["dur"] for one in events]))
    return Kernel(name, arguments["op_name"], precision, time_us, layer_of(ADDED.sub("", name)))


class IrProfiler:
    """OpenVINO's performance counters, which tell nothing but each kernel's mean over all calls so far."""

    def __init__(self, model: bytes, weights: bytes, precision: str) -> None:
        core = need("openvino", "openvino").Core()
        read = core.read_model(model=model, weights=weights)
        read.reshape({INPUT: [1, 256, 256, 3]})
        settings = openvino_backend.compile_settings(1, precision) | {"PERF_COUNT": True}
        self._compiled = core.compile_model(read, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self._calls: list[float] = []
        self._first = np.zeros(1)

    def run(self, crops: NDArray[np.uint8]) -> object:
        """See `Profiler.run`."""
        start = time.perf_counter()
        found = self._request.infer({INPUT: crops})
        self._calls.append(time.perf_counter() - start)
        if len(self._calls) == FIRST:
            self._first = self._totals_us()
        return found

    def _totals_us(self) -> NDArray[np.float64]:
        """Time of each kernel in all calls so far."""
        means = [one.real_time.total_seconds() for one in self._request.profiling_info]
        return np.array(means) * 1e6 * len(self._calls)

    def profile(self, layer_of: Callable[[str], str]) -> Profile:
        """See `Profiler.profile`."""
        calls = np.array(self._calls[FIRST:])
        # Interruptions lengthen a mean, and hit each kernel by its length: so this is about the median call's share.
        times = (self._totals_us() - self._first) / len(calls) * np.median(calls) / calls.mean()
        # A kernel is named after one of the operations that it was made of.
        made_of = {
            one.get_friendly_name(): _info(one, "originalLayersNames").split(",")
            for one in self._compiled.get_runtime_model().get_ordered_ops()
        }
        kernels = []
        for one, time_us in zip(self._request.profiling_info, times.tolist(), strict=True):
            if not one.real_time:
                continue  # a part of another kernel
            names = [one.node_name, *made_of.get(one.node_name, [])]
            layer = next((found for name in names if (found := layer_of(name.removesuffix("/WithoutBiases")))), "")
            precision = one.exec_type.rpartition("_")[2].replace("I8", INT8)
            # Means are whole microseconds: of a short kernel no more than that may be left.
            kernels.append(Kernel(one.node_name, one.node_type, precision, max(time_us, 0.0), layer))
        return Profile(kernels, float(np.median(calls)) * 1e3)


def _info(operation: Any, key: str) -> str:
    return str(operation.get_rt_info()[key].astype(str))
