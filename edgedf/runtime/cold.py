"""From the start of a process to its first score, and the memory it takes: measured in processes of their own."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgedf.errors import InternalError
from edgedf.metrics.start import Start

STEADY_CALLS = 50  # after which memory is what it stays
STATUS = Path("/proc/self/status")


def cold_start(bundle: Path, threads: int, backend: str = "auto", count: int = 3) -> Start:
    """Starts a few processes: the one of median time, with the most memory of all.

    Args:
        bundle: What is loaded.
        threads: Of each call.
        backend: See `Engine.load`; that the fastest artefact was chosen before is remembered.
        count: Number of processes.

    Raises:
        InternalError: A process failed.
    """
    found = sorted((_one(bundle, threads, backend) for _ in range(count)), key=lambda one: one.process_ms)
    peaks, steady = ([getattr(one, name) for one in found] for name in ("peak_mb", "steady_mb"))
    most = {"peak_mb": max(peaks), "steady_mb": max(steady)} if None not in peaks else {}
    return replace(found[len(found) // 2], **most)


def _one(bundle: Path, threads: int, backend: str) -> Start:
    words = [sys.executable, "-m", "edgedf.runtime.cold", str(bundle), str(threads), backend]
    start = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()  # the first score
        process_ms = (time.perf_counter() - start) * 1000
        told, errors = process.communicate()
    if process.returncode:
        raise InternalError(f"a process of its own cannot load {bundle}: {errors.strip().splitlines()[-1:]}")
    return Start(process_ms, **json.loads(told))


def main(bundle: str, threads: str, backend: str) -> None:
    """What such a process does: prints its first score, then the rest as JSON."""
    from edgedf.runtime import Engine  # a part of what is timed

    crop = np.zeros((1, 256, 256, 3), np.uint8)
    times = [time.perf_counter()]
    engine = Engine.load(bundle, backend, int(threads))
    times.append(time.perf_counter())
    score = engine.predict(crop)[0]
    times.append(time.perf_counter())
    print(score, flush=True)
    for _ in range(STEADY_CALLS):
        engine.predict(crop)
    load_ms, first_ms = (np.diff(times) * 1000).tolist()
    print(json.dumps({"load_ms": load_ms, "first_ms": first_ms, **memory()}))


def memory(status: Path = STATUS) -> dict[str, float | None]:
    """Most and present resident memory of this process in MB; None where the system does not tell."""
    if not status.is_file():
        return {"peak_mb": None, "steady_mb": None}
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    peak, steady = (int(lines[name].split()[0]) * 1024 / 1e6 for name in ("VmHWM", "VmRSS"))
    return {"peak_mb": peak, "steady_mb": steady}


if __name__ == "__main__":
    main(*sys.argv[1:])
