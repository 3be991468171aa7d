"""TensorRT on an NVIDIA GPU, by `tensorrt` and `pycuda`.

An engine works only on the GPU, version and system it was built on. The artefact is therefore the graph; its second
file may hold an engine with the fingerprint of where it was built, and elsewhere the engine is built again and kept
in edgedf's cache.
"""

import json
import platform
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError
from edgedf.extras import need
from edgedf.files import cache_root, sha256, write_bytes
from edgedf.runtime.backends import Outputs
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS, check_graph
from edgedf.runtime.tensorrt_builder import LARGEST, build


class TensorRt:
    """An engine; each thread that calls it has an execution context, a stream and buffers of its own.

    Attributes:
        notes: That the engine was built here, if it was.
    """

    def __init__(self, cuda: Any, trt: Any, context: Any, engine: Any, notes: list[str]) -> None:
        self._cuda, self._trt, self._context, self._engine = cuda, trt, context, engine
        self._local = threading.local()
        self.notes = notes

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        if len(crops) > LARGEST:
            parts = [self.run(crops[start : start + LARGEST]) for start in range(0, len(crops), LARGEST)]
            return Outputs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        self._context.push()
        try:
            if not hasattr(self._local, "lane"):
                self._local.lane = _Lane(self._cuda, self._trt, self._engine)
            lane: _Lane = self._local.lane
            return lane.run(crops)
        except self._cuda.Error as error:
            raise EdgedfError(f"TensorRT cannot run it ({error})") from error
        finally:
            self._context.pop()


class _Lane:
    """What one thread needs; made and used with the primary CUDA context in place."""

    def __init__(self, cuda: Any, trt: Any, engine: Any) -> None:
        self._cuda = cuda
        self._stream = cuda.Stream()
        self._execution = engine.create_execution_context()
        self._host: dict[str, Any] = {}
        self._device: dict[str, Any] = {}
        for name in (INPUT, *OUTPUTS):
            shape = (LARGEST, *tuple(engine.get_tensor_shape(name))[1:])
            # Pinned, so that copies run beside the kernels.
            self._host[name] = cuda.pagelocked_empty(shape, trt.nptype(engine.get_tensor_dtype(name)))
            self._device[name] = cuda.mem_alloc(self._host[name].nbytes)
            self._execution.set_tensor_address(name, int(self._device[name]))
        self._single: Any = None  # CUDA graph of a batch of one, the camera's

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        count = len(crops)
        self._host[INPUT][:count] = crops
        if count == 1 and self._single is None:
            self._enqueue(1)  # the first call allocates, which a capture may not
            self._stream.synchronize()
            self._stream.begin_capture()
            self._enqueue(1)
            self._single = self._stream.end_capture().instantiate()
        if count == 1:
            self._single.launch(self._stream)
        else:
            self._enqueue(count)
        self._stream.synchronize()
        return Outputs(*(np.array(self._host[name][:count], np.float32) for name in OUTPUTS))

    def _enqueue(self, count: int) -> None:
        self._execution.set_input_shape(INPUT, (count, 256, 256, 3))
        self._cuda.memcpy_htod_async(self._device[INPUT], self._host[INPUT][:count], self._stream)
        if not self._execution.execute_async_v3(self._stream.handle):
            raise EdgedfError("TensorRT cannot run it (it gives no reason)")
        for name in OUTPUTS:
            self._cuda.memcpy_dtoh_async(self._host[name][:count], self._device[name], self._stream)


def load(model: bytes, threads: int, weights: bytes = b"", precision: str = "") -> TensorRt:
    """Takes the artefact's engine where its fingerprint is this machine's, or else builds one.

    Raises:
        BundleError: The graph breaks the contract.
        EdgedfError: TensorRT, pycuda or a GPU is missing, or TensorRT cannot build or run the graph.
    """
    check_graph(model)
    trt, cuda = need("tensorrt", "tensorrt"), need("pycuda.driver", "tensorrt")
    try:
        cuda.init()
        device = cuda.Device(0)
        context = device.retain_primary_context()  # that of CUDA's runtime, which TensorRT uses
    except cuda.Error as error:
        raise EdgedfError(f"there is no usable NVIDIA GPU ({error})") from error
    context.push()
    try:
        here = fingerprint(trt, device)
        engine, notes = _engine(trt, model, weights, here)
        loaded = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(engine)
    finally:
        context.pop()
    if loaded is None:
        raise EdgedfError("TensorRT cannot load the engine: remove edgedf's cache and load the bundle again")
    return TensorRt(cuda, trt, context, loaded, notes)


def fingerprint(trt: Any, device: Any) -> str:
    """What an engine is bound to."""
    major, minor = device.compute_capability()
    return f"{device.name()}, SM {major}{minor}, TensorRT {trt.__version__}, {platform.system()} {platform.machine()}"


def pack_engine(engine: bytes, built_for: str) -> bytes:
    """An engine file: a line of JSON with the fingerprint, then the engine."""
    return json.dumps({"fingerprint": built_for}).encode() + b"\n" + engine


def unpack_engine(data: bytes) -> tuple[str, bytes]:
    """Fingerprint and engine of an engine file; empty ones if it is none."""
    head, _, engine = data.partition(b"\n")
    try:
        return str(json.loads(head)["fingerprint"]), engine
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", b""


def _engine(trt: Any, model: bytes, weights: bytes, here: str) -> tuple[bytes, list[str]]:
    """An engine for this machine, and what is to be said of how it came about."""
    built_for, engine = unpack_engine(weights)
    if built_for == here:
        return engine, []
    file = _cache_file(model, here)
    if file.is_file():
        return unpack_engine(file.read_bytes())[1], []
    engine = build(trt, model)
    write_bytes(file, pack_engine(engine, here))
    return engine, [f"the TensorRT engine was built for {built_for or 'no machine yet'} and is built anew for {here}"]


def _cache_file(model: bytes, here: str) -> Path:
    return cache_root() / "tensorrt" / f"{sha256(model + here.encode())[:32]}.engine"
