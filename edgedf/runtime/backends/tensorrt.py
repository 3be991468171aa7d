"""TensorRT on an NVIDIA GPU, by `tensorrt` and `pycuda`.

An engine works only on the GPU, version and system it was built on. The artefact is therefore the graph; its second
file may hold an engine with the fingerprint of where it was built, and elsewhere the engine is built again and kept
in edgedf's cache.
"""

import json
import platform
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError, UnavailableError, first_line
from edgedf.extras import need
from edgedf.files import sha256
from edgedf.forks import Home
from edgedf.runtime.backends import Outputs
from edgedf.runtime.build_cache import keep, recall
from edgedf.runtime.onnx_contract import check_graph
from edgedf.runtime.tensorrt_builder import LARGEST, build
from edgedf.runtime.tensorrt_lane import Lane

CACHE = "tensorrt"


@dataclass(frozen=True)
class Gpu:
    """The first GPU of this machine, and what it is driven by.

    Attributes:
        trt: The module `tensorrt`.
        cuda: The module `pycuda.driver`.
        context: The primary CUDA context, that of CUDA's runtime, which TensorRT uses.
        fingerprint: What an engine is bound to.
    """

    trt: Any
    cuda: Any
    context: Any
    fingerprint: str

    @contextmanager
    def current(self) -> Iterator[None]:
        """Puts the context in place for the calling thread; errors of CUDA become those of edgedf.

        Raises:
            EdgedfError: CUDA fails.
        """
        try:
            self.context.push()
            try:
                yield
            finally:
                self.context.pop()
        except self.cuda.Error as error:
            raise EdgedfError(f"TensorRT cannot run it ({first_line(error)})") from error


@dataclass(frozen=True)
class EngineFile:
    """A serialised engine and where it works.

    Attributes:
        data: What TensorRT deserialises.
        fingerprint: Of the GPU, version and system that it was built on.
        graph: SHA-256 of the graph that it was built from.
    """

    data: bytes
    fingerprint: str
    graph: str

    def pack(self) -> bytes:
        """The content of an artefact's second file: a line of JSON, then the engine."""
        return json.dumps({"fingerprint": self.fingerprint, "graph": self.graph}).encode() + b"\n" + self.data


class TensorRt:
    """An engine; each call has a lane for itself, which the next one takes over.

    Attributes:
        engine: The engine in use.
        notes: That it was built here, if it was, and what does not work as it should.
    """

    def __init__(self, gpu: Gpu, loaded: Any, engine: EngineFile, notes: list[str]) -> None:
        self._gpu, self._loaded, self.engine, self.notes = gpu, loaded, engine, notes
        self._free: dict[int, list[Lane]] = {1: [], LARGEST: []}
        self._lock = threading.Lock()
        # PyCUDA frees only what belongs to the context in place, in whichever thread the last reference goes.
        weakref.finalize(self, _free, gpu, self._free, Home(self))
        with self.lane(1) as lane:
            self.notes += [lane.note] if lane.note else []

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        with self.lane(1 if len(crops) == 1 else LARGEST) as lane:
            return lane.run(crops)

    @contextmanager
    def lane(self, largest: int) -> Iterator[Lane]:
        """A lane for one thread, with the context in place.

        Args:
            largest: 1, for a call of one crop, or `LARGEST`.
        """
        with self._gpu.current():
            lane = self._lane(largest)
            yield lane
        self._free[largest].append(lane)

    def _lane(self, size: int) -> Lane:
        with self._lock:  # an engine makes one execution context at a time
            free = self._free[size]
            return free.pop() if free else Lane(self._gpu.trt, self._gpu.cuda, self._loaded, size)


def _free(gpu: Gpu, lanes: dict[int, list[Lane]], home: Home) -> None:
    if home.is_elsewhere:  # a forked child ends: the GPU's context is its parent's
        return
    with gpu.current():
        lanes.clear()


def load(model: bytes, threads: int, weights: bytes = b"", precision: str = "") -> TensorRt:
    """Takes the artefact's engine where its fingerprint is this machine's, or else the cache's, or else builds one.

    Raises:
        BundleError: The graph breaks the contract.
        EdgedfError: TensorRT, pycuda or a GPU is missing, or TensorRT cannot build or run the graph.
    """
    check_graph(model)
    gpu = open_gpu()
    graph = sha256(model)
    key = f"{graph} {gpu.fingerprint}"
    brought = unpack_engine(weights)
    runtime = gpu.trt.Runtime(gpu.trt.Logger(gpu.trt.Logger.ERROR))
    with gpu.current():
        for engine in (brought, unpack_engine(recall(CACHE, key) or b"")):
            if engine and (engine.fingerprint, engine.graph) == (gpu.fingerprint, graph):
                loaded = runtime.deserialize_cuda_engine(engine.data)
                if loaded is not None:
                    return TensorRt(gpu, loaded, engine, [])
        engine = _build(gpu, model, graph)
        keep(CACHE, key, engine.pack())
        loaded = runtime.deserialize_cuda_engine(engine.data)
    if loaded is None:
        raise EdgedfError(f"TensorRT {gpu.trt.__version__} cannot load the engine that it has just built")
    note = f"built a TensorRT engine for {gpu.fingerprint}"
    return TensorRt(gpu, loaded, engine, [f"{note}; the bundle's is for {brought.fingerprint}" if brought else note])


def open_gpu() -> Gpu:
    """The GPU of this machine.

    Raises:
        EdgedfError: There is none, or TensorRT or pycuda is missing or cannot be used.
    """
    try:
        trt, cuda = need("tensorrt", "tensorrt"), need("pycuda.driver", "tensorrt")
    except ImportError as error:  # they are installed, and a library of theirs or the driver is missing
        raise EdgedfError(f"TensorRT and pycuda cannot be imported ({first_line(error)})") from error
    try:
        cuda.init()
        device = cuda.Device(0)
        context = device.retain_primary_context()
    except cuda.Error as error:
        raise UnavailableError(f"there is no usable NVIDIA GPU ({first_line(error)})") from error
    return Gpu(trt, cuda, context, fingerprint(trt, device))


def usable() -> bool:
    """Whether TensorRT, pycuda and a GPU are here and work."""
    try:
        open_gpu()
    except EdgedfError:
        return False
    return True


def gpu_name() -> str:
    """Name and compute capability of the GPU, or why there is none; TensorRT itself is not loaded."""
    try:
        cuda = need("pycuda.driver", "tensorrt")
    except (EdgedfError, ImportError) as error:  # ImportError: without NVIDIA's driver
        return str(error)
    try:
        cuda.init()
        return _name(cuda.Device(0))
    except cuda.Error as error:
        return f"no usable GPU ({error})"


def _name(device: Any) -> str:
    major, minor = device.compute_capability()
    return f"{device.name()}, SM {major}{minor}"


def fingerprint(trt: Any, device: Any) -> str:
    """What an engine is bound to: GPU, compute capability, version of TensorRT, system."""
    return f"{_name(device)}, TensorRT {trt.__version__}, {platform.system()} {platform.machine()}"


def unpack_engine(file: bytes) -> EngineFile | None:
    """Reads what `EngineFile.pack` wrote; None where it is something else."""
    head, _, data = file.partition(b"\n")
    try:
        about = json.loads(head)
        return EngineFile(data, str(about["fingerprint"]), str(about["graph"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _build(gpu: Gpu, model: bytes, graph: str) -> EngineFile:
    """Builds an engine, with the timings of kernels that earlier builds took here."""
    key = f"timings {gpu.fingerprint}"
    built = build(gpu.trt, model, timings=recall(CACHE, key) or b"")
    keep(CACHE, key, built.timings)
    return EngineFile(built.engine, gpu.fingerprint, graph)
