"""TensorRT, PyCUDA and NVIDIA's driver as far as edgedf uses them, played on the CPU.

An engine is its graph, run by ONNX Runtime. What is put on a stream happens when the stream is waited for, or is
recorded. Misuse that a GPU would punish is an error here: no context in place, an execution context that changed
under a CUDA graph, something freed where PyCUDA could not free it.
"""

import ctypes
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
import pytest

TYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}


class CudaError(Exception):
    """`pycuda.driver.Error`."""


class FakeGpu:
    """A machine with one GPU.

    Attributes:
        name: Of the GPU.
        builds: Timing cache that each build began with.
        settings: What the last build was told.
        launches: Of CUDA graphs.
        leaked: Streams that were freed without a context.
        capture_error: Code that recording fails with.
        clock_ms: What CUDA events read: each copy or execution takes 1 ms.
    """

    def __init__(self) -> None:
        self.name, self.version, self.capture_error = "Orin", "10.13.0", 0
        self.builds: list[bytes] = []
        self.settings: dict[str, Any] = {}
        self.launches = self.leaked = 0
        self.memory: dict[int, bytearray] = {}
        self.streams: WeakValueDictionary[int, Stream] = WeakValueDictionary()
        self.handles = self.clock_ms = 0
        self.graphs: dict[int, list[Callable[[], None]]] = {}
        self._depth = threading.local()

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Makes edgedf see this GPU."""
        cuda, trt = self._cuda(), self._tensorrt()
        package = ModuleType("pycuda")
        package.driver = cuda  # type: ignore[attr-defined]
        for name, module in {"pycuda": package, "pycuda.driver": cuda, "tensorrt": trt}.items():
            patch.setitem(sys.modules, name, module)
        patch.setattr("edgedf.runtime.cuda_graph.driver", lambda: Driver(self))

    @property
    def depth(self) -> int:
        """Contexts in place in this thread."""
        return getattr(self._depth, "value", 0)

    def move(self, by: int) -> None:
        self._depth.value = self.depth + by

    def need_context(self) -> None:
        if self.depth < 1:
            raise CudaError("no currently active context?")

    def alloc(self, size: int) -> int:
        self.need_context()
        address = 4096 * (len(self.memory) + 1)
        self.memory[address] = bytearray(size)
        return address

    def upload(self, device: int, host: Any, stream: "Stream") -> None:
        def copy() -> None:
            self.memory[device][: host.nbytes] = host.tobytes()
            self.clock_ms += 1

        stream.put(copy)

    def download(self, host: Any, device: int, stream: "Stream") -> None:
        def copy() -> None:
            host[:] = np.frombuffer(self.memory[device], host.dtype, host.size).reshape(host.shape)
            self.clock_ms += 1

        stream.put(copy)

    def _cuda(self) -> Any:
        context = SimpleNamespace(push=lambda: self.move(1), pop=lambda: self.move(-1))
        device = SimpleNamespace(
            name=lambda: self.name,
            compute_capability=lambda: (8, 7),
            retain_primary_context=lambda: context,
            pci_bus_id=lambda: "0000:01:00.0",
        )
        cuda = ModuleType("pycuda.driver")
        cuda.__dict__.update(
            Error=CudaError,
            init=lambda: None,
            Device=lambda _: device,
            Stream=lambda flags: Stream(self, flags),
            Event=lambda: Event(self),
            pagelocked_empty=np.empty,
            mem_alloc=self.alloc,
            memcpy_htod_async=self.upload,
            memcpy_dtoh_async=self.download,
        )
        return cuda

    def _tensorrt(self) -> Any:
        trt = ModuleType("tensorrt")
        logger = type("ILogger", (), {"Severity": SimpleNamespace(ERROR=1, INTERNAL_ERROR=0)})
        trt.__dict__.update(
            __version__=self.version,
            ILogger=logger,
            Logger=type("Logger", (), {"ERROR": 1, "__init__": lambda *_: None}),
            NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=1),
            MemoryPoolType=SimpleNamespace(WORKSPACE="workspace"),
            Builder=lambda _: Builder(self),
            OnnxParser=Parser,
            Runtime=lambda _: SimpleNamespace(deserialize_cuda_engine=self._deserialise),
            nptype=lambda kind: kind,
        )
        return trt

    def _deserialise(self, data: bytes) -> Any:
        return Engine(self, data[5:]) if data.startswith(b"plan ") else None


class Stream:
    """What was put on it and has not happened yet, and what is being recorded."""

    def __init__(self, gpu: FakeGpu, flags: int) -> None:
        gpu.handles += 1
        self._gpu, self.handle = gpu, gpu.handles
        gpu.need_context()
        assert flags == 1, "a blocking stream can spoil the capture of another thread"
        self.work: list[Callable[[], None]] = []
        self.recorded: list[Callable[[], None]] | None = None
        gpu.streams[self.handle] = self

    def put(self, work: Callable[[], None]) -> None:
        self._gpu.need_context()
        (self.work if self.recorded is None else self.recorded).append(work)

    def synchronize(self) -> None:
        assert self.recorded is None
        while self.work:
            self.work.pop(0)()

    def __del__(self) -> None:
        self._gpu.leaked += self._gpu.depth < 1


class Event:
    """A mark in a stream, and the time when the GPU came to it."""

    def __init__(self, gpu: FakeGpu) -> None:
        gpu.need_context()
        self._gpu = gpu

    def record(self, stream: Stream) -> None:
        self._stream = stream
        stream.put(self._pass)

    def _pass(self) -> None:
        self.at_ms = self._gpu.clock_ms

    def synchronize(self) -> None:
        self._stream.synchronize()

    def time_since(self, other: "Event") -> float:
        return float(self.at_ms - other.at_ms)


class Driver:
    """Functions of libcuda that CUDA graphs need; each gives 0 or an error."""

    def __init__(self, gpu: FakeGpu) -> None:
        self._gpu = gpu

    def cuStreamBeginCapture_v2(self, stream: ctypes.c_void_p, mode: int) -> int:
        self._of(stream).recorded = []
        return 0

    def cuStreamEndCapture(self, stream: ctypes.c_void_p, graph: Any) -> int:
        graph._obj.value = len(self._gpu.graphs) + 1
        self._gpu.graphs[graph._obj.value] = self._of(stream).recorded or []
        self._of(stream).recorded = None
        return self._gpu.capture_error

    def cuGraphInstantiateWithFlags(self, work: Any, graph: ctypes.c_void_p, flags: Any) -> int:
        work._obj.value = graph.value
        return 0

    def cuGraphLaunch(self, work: ctypes.c_void_p, stream: ctypes.c_void_p) -> int:
        self._gpu.launches += 1
        assert work.value is not None
        self._of(stream).work.extend(self._gpu.graphs[work.value])
        return 0

    def cuGraphDestroy(self, graph: ctypes.c_void_p) -> int:
        return 0

    def cuGraphExecDestroy(self, work: ctypes.c_void_p) -> int:
        return 0

    def _of(self, stream: ctypes.c_void_p) -> Stream:
        assert stream.value is not None
        return self._gpu.streams[stream.value]


class Builder:
    """Builds the plan of a network: its graph."""

    def __init__(self, gpu: FakeGpu) -> None:
        self._gpu = gpu

    def create_network(self, flags: int) -> Any:
        assert flags == 1 << 1, "the network is not strongly typed"
        return SimpleNamespace(graph=b"")

    def create_optimization_profile(self) -> Any:
        settings = self._gpu.settings
        return SimpleNamespace(set_shape=lambda name, *shapes: settings.update(shapes=shapes))

    def create_builder_config(self) -> Any:
        return SimpleNamespace(
            timings=None,
            set_memory_pool_limit=lambda pool, size: self._gpu.settings.update({pool: size}),
            add_optimization_profile=lambda _: None,
            create_timing_cache=self._timing_cache,
            set_timing_cache=self._begin,
        )

    def _begin(self, cache: Any, ignore_mismatch: bool) -> bool:
        self._gpu.builds.append(cache.start)
        return not ignore_mismatch

    def build_serialized_network(self, network: Any, config: Any) -> bytes:
        return b"plan " + bytes(network.graph)

    @staticmethod
    def _timing_cache(data: bytes) -> Any:
        if data.startswith(b"damaged"):
            return None
        return SimpleNamespace(start=data, serialize=lambda: data + b"timed ")


class Parser:
    """Takes any graph."""

    def __init__(self, network: Any, logger: Any) -> None:
        self._network = network

    def parse(self, graph: bytes) -> bool:
        self._network.graph = graph
        return True


class Engine:
    """A graph in ONNX Runtime."""

    def __init__(self, gpu: FakeGpu, graph: bytes) -> None:
        self.gpu = gpu
        self.session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        self.tensors = {one.name: one for one in (*self.session.get_inputs(), *self.session.get_outputs())}

    def get_tensor_shape(self, name: str) -> Sequence[int]:
        return tuple(-1 if isinstance(side, str) else side for side in self.tensors[name].shape)

    def get_tensor_dtype(self, name: str) -> Any:
        return TYPES[self.tensors[name].type]

    def create_execution_context(self) -> "Execution":
        self.gpu.need_context()
        return Execution(self)


class Execution:
    """An execution context."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._addresses = engine, dict[str, int]()
        self._shape: tuple[int, ...] = ()

    def set_tensor_address(self, name: str, address: int) -> None:
        self._addresses[name] = address

    def set_input_shape(self, name: str, shape: Any) -> None:
        self._shape = shape

    def execute_async_v3(self, handle: int) -> bool:
        gpu, shape = self._engine.gpu, self._shape
        pixels, *outputs = self._addresses

        def execute() -> None:
            assert self._shape == shape, "the execution context changed under what was recorded"
            given = np.frombuffer(gpu.memory[self._addresses[pixels]], np.uint8, int(np.prod(shape))).reshape(shape)
            for name, found in zip(outputs, self._engine.session.run(outputs, {pixels: given}), strict=True):
                gpu.memory[self._addresses[name]][: found.nbytes] = found.tobytes()
            gpu.clock_ms += 1

        gpu.streams[handle].put(execute)
        return True
