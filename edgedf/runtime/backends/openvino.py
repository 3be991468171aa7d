"""OpenVINO on the CPU, in f32 arithmetic around the INT8 kernels: the same scores on every machine.

Left to itself OpenVINO computes in bf16 where a CPU can. Shapes are static, one compiled model for each size of batch,
because memory grows with dynamic ones.
"""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError, first_line
from edgedf.extras import need
from edgedf.runtime.backends import Outputs
from edgedf.runtime.ir_contract import check_ir
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

SIZES = (1, 8, 32)  # of batches; a smaller one is filled up


class OpenVino:
    """A model compiled for some sizes of batch, each at its first use; one infer request a thread and size."""

    def __init__(self, core: Any, model: Any, threads: int) -> None:
        self._core, self._model, self._threads = core, model, threads
        self._compiled: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._local = threading.local()

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        size = next((one for one in SIZES if one >= len(crops)), SIZES[-1])
        if len(crops) > size:
            parts = [self.run(crops[start : start + size]) for start in range(0, len(crops), size)]
            return Outputs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        filled = crops
        if len(crops) < size:
            filled = np.zeros((size, *crops.shape[1:]), np.uint8)
            filled[: len(crops)] = crops
        try:
            results = self._request(size).infer({INPUT: np.ascontiguousarray(filled)})
        except RuntimeError as error:
            raise EdgedfError(f"OpenVINO cannot run it ({first_line(error)})") from error
        return Outputs(*(np.array(results[name][: len(crops)]) for name in OUTPUTS))

    def _request(self, size: int) -> Any:
        requests = self._local.__dict__.setdefault("requests", {})
        if size not in requests:
            with self._lock:
                if size not in self._compiled:
                    self._compiled[size] = self._compile(size)
            requests[size] = self._compiled[size].create_infer_request()
        return requests[size]

    def _compile(self, size: int) -> Any:
        model = self._model.clone()
        model.reshape({INPUT: [size, 256, 256, 3]})
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # an app has other work on these cores
        }
        return self._core.compile_model(model, "CPU", settings)


def load(model: bytes, threads: int, weights: bytes = b"") -> OpenVino:
    """Reads an IR from the bytes of its two files.

    Raises:
        BundleError: The graph breaks the contract.
        EdgedfError: OpenVINO cannot load it.
    """
    check_ir(model, len(weights))
    openvino = need("openvino", "openvino")
    try:
        core = openvino.Core()
        backend = OpenVino(core, core.read_model(model=model, weights=weights), threads)
        backend._request(1)
    except RuntimeError as error:
        raise EdgedfError(f"OpenVINO {openvino.__version__} cannot load it ({first_line(error)})") from error
    return backend
