"""Eight threads on one model for 20,000 calls: the scores of one thread, and memory that does not grow.

In a process of its own, whose memory nothing else has touched.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

# The first calls fill the allocators' caches. A leak of 400 bytes a call would be 8e6.
PROGRAM = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from edgedf.runtime.backends import load_backend

THREADS, CALLS, SETTLED, GROWTH = 8, 20_000, 2_000, 8e6
name, model, crops, *weights = sys.argv[1:]
crops = np.load(crops)
backend = load_backend(name, Path(model).read_bytes(), 1, Path(weights[0]).read_bytes() if weights else b"")
alone = [backend.run(crop[None]).logit[0, 0] for crop in crops]

def share(thread, calls):
    return all(backend.run(crops[i % 5][None]).logit[0, 0] == alone[i % 5] for i in range(thread, calls, THREADS))

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

with ThreadPoolExecutor(THREADS) as pool:
    assert all(pool.map(share, range(THREADS), [SETTLED] * THREADS)), "another score"
    before = resident()
    assert all(pool.map(share, range(THREADS), [CALLS] * THREADS)), "another score"
growth = resident() - before
assert growth < GROWTH, f"memory grew by {growth} bytes"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_many_calls_from_many_threads(
    backend: str, colour_graph: Any, crops: NDArray[np.uint8], tmp_path: Path
) -> None:
    files = {"model": colour_graph.SerializeToString()}
    if backend == "openvino":
        pytest.importorskip("openvino")
        from edgedf.deploy.openvino import ir_from_onnx

        files = ir_from_onnx(files["model"])._asdict()
    np.save(tmp_path / "crops.npy", crops)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / "model", tmp_path / "crops.npy", *(tmp_path / name for name in files if name != "model")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, backend, *map(str, paths)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
