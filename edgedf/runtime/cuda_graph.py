"""CUDA graphs, by the driver's own library: PyCUDA, up to 2026.1 at least, has none."""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from edgedf.errors import EdgedfError

THREAD_LOCAL = 1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may allocate meanwhile


class CudaGraph:
    """Work on a stream, recorded once and then launched as a whole.

    Args:
        stream: Handle of a non-blocking stream, used in the thread that makes the graph.
        enqueue: Puts the work on the stream. It is not run.

    Raises:
        EdgedfError: The driver cannot record it.
    """

    def __init__(self, stream: int, enqueue: Callable[[], None]) -> None:
        self._stream, self._work = ctypes.c_void_p(stream), ctypes.c_void_p()
        self._driver = driver()
        graph = ctypes.c_void_p()
        self._call("cuStreamBeginCapture_v2", self._stream, THREAD_LOCAL)
        try:
            enqueue()
        finally:
            self._call("cuStreamEndCapture", self._stream, ctypes.byref(graph))
        try:
            self._call("cuGraphInstantiateWithFlags", ctypes.byref(self._work), graph, ctypes.c_ulonglong(0))
        finally:
            self._call("cuGraphDestroy", graph)

    def launch(self) -> None:
        """Puts all of the work on the stream.

        Raises:
            EdgedfError: The driver refuses it.
        """
        self._call("cuGraphLaunch", self._work, self._stream)

    def __del__(self) -> None:
        if self._work:
            self._driver.cuGraphExecDestroy(self._work)

    def _call(self, name: str, *arguments: Any) -> None:
        if code := getattr(self._driver, name)(*arguments):
            raise EdgedfError(f"{name} gives CUDA error {code}")


def driver() -> Any:
    """The library of NVIDIA's driver.

    Raises:
        EdgedfError: It is not there.
    """
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise EdgedfError(f"{name} cannot be loaded: install NVIDIA's driver") from error
