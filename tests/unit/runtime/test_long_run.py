"""Eight threads on one model for 20,000 calls: the scores of one thread, and memory that does not grow."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.runtime.backends import Backend, load_backend

THREADS, CALLS, SETTLED = 8, 20_000, 2_000  # the first calls fill the allocators' caches
GROWTH = 8e6  # bytes: a leak of 400 bytes a call would be that


@pytest.fixture(params=["onnxruntime", "openvino"])
def backend(request: pytest.FixtureRequest, colour_graph: Any) -> Backend:
    graph: bytes = colour_graph.SerializeToString()
    if request.param == "onnxruntime":
        return load_backend("onnxruntime", graph, 1)
    pytest.importorskip("openvino")
    from edgedf.deploy.openvino import ir_from_onnx

    ir = ir_from_onnx(graph)
    return load_backend("openvino", ir.model, 1, ir.weights)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_many_calls_from_many_threads(backend: Backend, crops: NDArray[np.uint8]) -> None:
    alone = [backend.run(crop[None]).logit[0, 0] for crop in crops]

    def share(thread: int, calls: int) -> bool:
        turns = range(thread, calls, THREADS)
        return all(backend.run(crops[turn % 5][None]).logit[0, 0] == alone[turn % 5] for turn in turns)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(share, range(THREADS), [SETTLED] * THREADS))
        before = _resident()
        assert all(pool.map(share, range(THREADS), [CALLS] * THREADS))
    assert _resident() - before < GROWTH


def _resident() -> int:
    """Bytes of memory that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
