"""OpenVINO on the CPU, in the arithmetic that the artefact was measured in: f32 around the INT8 kernels by default.

Left to itself OpenVINO computes in bf16 where a CPU can, and scores would depend on the machine. Shapes are static,
one compiled model for each size of batch, because memory grows with dynamic ones.
"""

import threading
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import BundleError, EdgedfError, first_line
from edgedf.extras import need
from edgedf.files import sha256
from edgedf.forks import bind, hold
from edgedf.runtime.backends import BATCH, Outputs
from edgedf.runtime.build_cache import keep, recall
from edgedf.runtime.ir_contract import check_ir
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

SIZES = (1, 8, BATCH)  # of batches; a smaller one is filled up
HINTS = ("f32", "bf16", "f16")  # precisions that floating-point layers may be computed in


class OpenVino:
    """A model compiled for some sizes of batch, each at its first use; one infer request a thread and size.

    Attributes:
        notes: Nothing.
    """

    notes = ()

    def __init__(self, openvino: Any, model: bytes, weights: bytes, settings: dict[str, Any]) -> None:
        self._core, self._files, self._settings = _core(openvino), (model, weights), settings
        cpu = [self._core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
        self._key = f"{sha256(model)} {sha256(weights)} {settings} {openvino.__version__} {cpu}"
        self._compiled: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._local = threading.local()

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        size = min(one for one in SIZES if one >= len(crops))
        filled = crops
        if len(crops) < size:
            filled = np.zeros((size, *crops.shape[1:]), np.uint8)
            filled[: len(crops)] = crops
        try:
            results = self.request(size).infer({INPUT: np.ascontiguousarray(filled)})
            return Outputs(*(np.array(results[name][: len(crops)]) for name in OUTPUTS))
        except Exception as error:
            raise EdgedfError(f"OpenVINO cannot run it ({first_line(error)})") from error

    def request(self, size: int) -> Any:
        """The calling thread's infer request for batches of a size, one of `SIZES`."""
        requests = self._local.__dict__.setdefault("requests", {})
        if size not in requests:
            with self._lock:
                if size not in self._compiled:
                    self._compiled[size] = self._recalled(size) or self._compile(size)
            requests[size] = self._compiled[size].create_infer_request()
        return requests[size]

    @cached_property
    def _model(self) -> Any:
        model, weights = self._files
        return self._core.read_model(model=model, weights=weights)

    def _recalled(self, size: int) -> Any:
        """What an earlier start compiled; nothing where OpenVINO does not take it any more."""
        blob = recall("openvino", f"{self._key} {size}")
        try:
            return blob and self._core.import_model(blob, "CPU", self._settings)
        except RuntimeError:
            return None

    def _compile(self, size: int) -> Any:
        model = self._model.clone()
        model.reshape({INPUT: [size, 256, 256, 3]})
        compiled = self._core.compile_model(model, "CPU", self._settings)
        # OpenVINO's own cache (CACHE_DIR) takes a file with flipped bits, which scores otherwise.
        keep("openvino", f"{self._key} {size}", compiled.export_model().getvalue())
        return compiled


def load(model: bytes, threads: int, weights: bytes = b"", precision: str = "") -> OpenVino:
    """Reads an IR from the bytes of its two files.

    Raises:
        BundleError: The graph breaks the contract, or the precision names no hint that OpenVINO has.
        UnavailableError: OpenVINO was used before this process was forked.
        EdgedfError: OpenVINO cannot load it.
    """
    check_ir(model, len(weights))
    settings = compile_settings(threads, precision)
    openvino = need("openvino", "openvino")
    bind("openvino")
    try:
        backend = OpenVino(openvino, model, weights, settings)
        backend.request(1)
    except Exception as error:
        raise EdgedfError(f"OpenVINO {openvino.__version__} cannot load it ({first_line(error)})") from error
    return backend


@cache
def _core(openvino: Any) -> Any:
    """The one core of a process: a forked child whose last core is gone ends with an error, for want of threads."""
    core = openvino.Core()
    hold(core)
    return core


def compile_settings(threads: int, precision: str) -> dict[str, Any]:
    """Settings that every model here is compiled with.

    Raises:
        BundleError: The precision names no hint that OpenVINO has.
    """
    return {
        "INFERENCE_PRECISION_HINT": hint(precision),
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # an app has other work on these cores
    }


def hint(precision: str) -> str:
    """OpenVINO's precision hint of an artefact, the last word of its precision: `int8, bf16` is computed in bf16.

    Raises:
        BundleError: There is no such hint.
    """
    found = precision.rpartition(",")[2].strip() or HINTS[0]
    if found not in HINTS:
        raise BundleError(f"its precision {precision!r} does not end with {', '.join(HINTS)}: export it again")
    return found
