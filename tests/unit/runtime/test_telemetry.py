"""What is judged, and by which model, is told to nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.runtime.artefacts import FLOAT

# Neither a thread of telemetry nor its database; `CI` would turn it off, too.
QUIET = """
import os, sys
import numpy as np
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT

with Engine.load(DEFAULT_STUDENT, sys.argv[1], threads=1) as engine:
    engine.predict(np.zeros((1, 256, 256, 3), np.uint8))
    assert len(os.listdir("/proc/self/task")) == 1, "a thread that nobody asked for"
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_onnx_runtime_tells_nobody(tmp_path: Path) -> None:
    plain = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = plain | {"HOME": str(tmp_path), "EDGEDF_CACHE": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-B", "-c", QUIET, FLOAT]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir())


LATE = """
import sys
import onnxruntime
from edgedf.runtime import Engine
from edgedf.shipped import DEFAULT_STUDENT

with Engine.load(DEFAULT_STUDENT, sys.argv[1], threads=1) as engine:
    assert any("was imported before edgedf" in note for note in engine.notes), engine.notes
"""


def test_where_edgedf_came_too_late_it_says_so(tmp_path: Path) -> None:
    """ONNX Runtime reads the variable when it is imported."""
    plain = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-B", "-c", LATE, FLOAT]
    done = subprocess.run(command, env=plain | {"HOME": str(tmp_path)}, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
