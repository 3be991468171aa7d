"""NVIDIA's own measurement of an engine, by the program trtexec that comes with TensorRT."""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from edgedf.errors import EdgedfError, UnavailableError
from edgedf.runtime.onnx_contract import INPUT

LIMIT_S = 120.0  # it takes some seconds: 3 of them timed calls


class Trtexec(NamedTuple):
    """What trtexec tells of calls of one face.

    Attributes:
        latency_ms_p50: Median of copies and kernels, its "Latency".
        kernels_ms_p50: Of it the kernels, its "GPU Compute Time".
    """

    latency_ms_p50: float
    kernels_ms_p50: float


def trtexec(engine: bytes, *, cuda_graph: bool) -> Trtexec:
    """Measures an engine with trtexec.

    Args:
        engine: Serialised, with a bundle's input, built here.
        cuda_graph: Launch it as a CUDA graph.

    Raises:
        UnavailableError: There is no trtexec on PATH.
        EdgedfError: It cannot run the engine, takes too long, or tells no times.
    """
    if (program := shutil.which("trtexec")) is None:
        raise UnavailableError("trtexec is not on PATH; NVIDIA's packages put it into /usr/src/tensorrt/bin")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "engine"
        file.write_bytes(engine)
        words = [program, f"--loadEngine={file}", f"--shapes={INPUT}:1x256x256x3"]
        return read_summary(_output([*words, "--useCudaGraph"] if cuda_graph else words))


def _output(words: list[str]) -> str:
    try:
        done = subprocess.run(
            words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EdgedfError(f"trtexec cannot be run ({error})") from error
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if "[E]" in line] or [f"exit code {done.returncode}"]
        raise EdgedfError(f"trtexec cannot run the engine ({errors[0]})")
    return done.stdout


def read_summary(output: str) -> Trtexec:
    """Reads the lines of the performance summary: `[I] Latency: min = 0.61 ms, max = ..., median = 0.62 ms, ...`.

    Raises:
        EdgedfError: There is none.
    """
    medians = dict(re.findall(r"^.*\[I\] ([\w ]+): min = .*?\bmedian = (\S+) ms", output, re.MULTILINE))
    try:
        return Trtexec(float(medians["Latency"]), float(medians["GPU Compute Time"]))
    except (KeyError, ValueError) as error:
        raise EdgedfError("trtexec tells no median latency: this version of it is not known") from error
