"""What is set up before a network trains."""

import platform
import subprocess
import sys

import pytest

FREE_A_BLOCK = """
import sys
from pathlib import Path
import numpy as np
from edgedf.training.devices import keep_freed_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

if sys.argv[1] == "keep":
    keep_freed_memory()
before = resident_mb()
block = np.ones(200_000_000, np.uint8)
del block
print(resident_mb() - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc gives freed blocks back and can be told not to"
)
@pytest.mark.parametrize(("how", "kept"), [("keep", True), ("default", False)])
def test_freed_blocks_are_kept(how: str, kept: bool) -> None:
    """A freed block of 200 MB stays with the process, which by default it does not."""
    grown = float(subprocess.check_output([sys.executable, "-c", FREE_A_BLOCK, how]))
    assert (grown > 150) is kept


WITHOUT_DATA = """
import os, sys
from edgedf.cli import app
try:
    app(["train", "student", "--data", "missing", "--out", "run"])
except SystemExit:
    names = list(sys.modules)
assert names.index("edgedf.training") < names.index("torch")
assert os.environ["GOMP_SPINCOUNT"]
"""


def test_training_says_how_threads_wait_before_torch_reads_it() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_DATA], check=True, stderr=subprocess.DEVNULL)
