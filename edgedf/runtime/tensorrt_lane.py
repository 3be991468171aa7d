"""Where a TensorRT engine runs: a stream, an execution context and buffers that one call at a time has for itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError, first_line
from edgedf.runtime.backends import Outputs
from edgedf.runtime.cuda_graph import CudaGraph
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: work on the default stream would spoil a capture


class Lane:
    """Room for up to `largest` crops; made, used and freed with the primary CUDA context in place.

    A lane for single crops, the camera's, records its work as a CUDA graph. Its execution context serves no other
    shape, because that would change what the graph refers to.

    Attributes:
        note: Why there is no CUDA graph, where there should be one.
    """

    def __init__(self, trt: Any, cuda: Any, engine: Any, largest: int) -> None:
        self._cuda, self._stream, self.note = cuda, cuda.Stream(NON_BLOCKING), ""
        self._execution = engine.create_execution_context()
        if self._execution is None:
            raise EdgedfError("TensorRT cannot make an execution context: the GPU may be out of memory")
        self._host: dict[str, Any] = {}
        self._device: dict[str, Any] = {}
        for name in (INPUT, *OUTPUTS):
            shape = (largest, *tuple(engine.get_tensor_shape(name))[1:])
            # Pinned, so that copies run beside the kernels.
            self._host[name] = cuda.pagelocked_empty(shape, trt.nptype(engine.get_tensor_dtype(name)))
            self._device[name] = cuda.mem_alloc(self._host[name].nbytes)
            self._execution.set_tensor_address(name, int(self._device[name]))
        self._graph = self._record() if largest == 1 else None

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """Judges at most `largest` crops."""
        self._host[INPUT][: len(crops)] = crops
        self._start(len(crops))
        self._stream.synchronize()
        return Outputs(*(np.array(self._host[name][: len(crops)], np.float32) for name in OUTPUTS))

    def gpu_ms(self, crops: NDArray[np.uint8]) -> float:
        """Milliseconds of copies and kernels on the GPU, by CUDA events, for at most `largest` crops.

        The stream is empty before: gaps in which the GPU waits for the host to start the next kernel are in it.
        """
        self._host[INPUT][: len(crops)] = crops  # before the first event, which passes at once
        begin, end = self._cuda.Event(), self._cuda.Event()
        begin.record(self._stream)
        self._start(len(crops))
        end.record(self._stream)
        end.synchronize()
        return float(end.time_since(begin))

    @property
    def has_graph(self) -> bool:
        """Whether its work is launched as a CUDA graph."""
        return self._graph is not None

    def _start(self, count: int) -> None:
        if self._graph:
            self._graph.launch()
        else:
            self._enqueue(count)

    def _record(self) -> CudaGraph | None:
        self._host[INPUT][:] = 0
        self._enqueue(1)  # the first call allocates, which a recording may not
        self._stream.synchronize()
        try:
            return CudaGraph(self._stream.handle, lambda: self._enqueue(1))
        except (EdgedfError, self._cuda.Error) as error:
            self.note = f"TensorRT starts each kernel by itself, there is no CUDA graph ({first_line(error)})"
            return None

    def _enqueue(self, count: int) -> None:
        self._execution.set_input_shape(INPUT, (count, 256, 256, 3))
        self._cuda.memcpy_htod_async(self._device[INPUT], self._host[INPUT][:count], self._stream)
        if not self._execution.execute_async_v3(self._stream.handle):
            raise EdgedfError("TensorRT cannot run it (it gives no reason)")
        for name in OUTPUTS:
            self._cuda.memcpy_dtoh_async(self._host[name][:count], self._device[name], self._stream)
