"""Fuzzes what edgedf reads: `python -m tests.fuzz.run --out fuzz.json`, or `make fuzz`.

Each target runs in a process of its own, with its memory bounded, on inputs that its name, the seed and their number
alone tell: valid ones, damaged at random. With `--engine atheris` libFuzzer keeps those that reach new code of edgedf,
and damages them further. An input on which a reader does anything but answer or refuse is a bug, and so is one that
takes more than 5 s of the processor or 1 GB of memory.
"""

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NoReturn

SLOW_S, WAIT_S = 5, 60  # of the processor, and of the clock, for one input
LARGE_MB = 1024  # that one input may take
MOST_MB = 6144  # that a process may address; ONNX Runtime maps a lot
KEPT = 20_000  # bytes of an input that the result holds


class SlowError(BaseException):
    """An input takes too long; no reader may catch it."""


@dataclass
class Result:
    """What came of one target.

    Attributes:
        target: Its name.
        engine: `mutation` or `atheris`.
        seed: Of the inputs.
        inputs: How many there were.
        valid: How many of them gave a value.
        seconds: Of the processor.
        peak_mb: Largest resident memory of the process.
        bugs: By what went wrong and where: how often, and the smallest input in base64.
    """

    target: str
    engine: str
    seed: int
    inputs: int = 0
    valid: int = 0
    seconds: float = 0.0
    peak_mb: int = 0
    bugs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, bug: str, data: bytes, told: str = "") -> None:
        """Counts a bug in; what was told of it stands beside its smallest input."""
        found = self.bugs.setdefault(bug, {"times": 0, "size": len(data) + 1})
        found["times"] += 1
        if len(data) < found["size"]:
            found |= {"size": len(data), "told": told, "input": base64.b64encode(data[:KEPT]).decode()}


class Harness:
    """Runs inputs through one target, in a folder of its own."""

    def __init__(self, name: str, engine: str, seed: int) -> None:
        from tests.fuzz.targets import TARGETS

        self.target, self.result = TARGETS[name], Result(name, engine, seed)
        self.inputs = self.target.seeds()
        warnings.simplefilter("error")
        signal.signal(signal.SIGPROF, _slow)
        signal.signal(signal.SIGALRM, _slow)
        self._begin, self._peak = time.process_time(), _peak_mb()

    def input(self, number: int) -> bytes:
        """The input of a number."""
        from tests.fuzz.mutation import mutated

        random = Random(f"{self.result.target}/{self.result.seed}/{number}")
        return mutated(random, random.choice(self.inputs), self.target.form)

    def run(self, data: bytes) -> None:
        """Reads one input."""
        from tests.fuzz.targets import attempt

        result = self.result
        result.inputs += 1
        signal.setitimer(signal.ITIMER_PROF, SLOW_S)
        signal.setitimer(signal.ITIMER_REAL, WAIT_S)
        try:
            outcome = attempt(self.target.read, data)
            result.valid += outcome.valid
            if outcome.bug:
                result.add(outcome.bug, data, outcome.told)
        except SlowError:
            result.add(f"slower than {SLOW_S} s", data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
        result.peak_mb = _peak_mb()
        if result.peak_mb > self._peak + LARGE_MB:
            result.add(f"more than {LARGE_MB} MB", data)
            self._peak = result.peak_mb

    def done(self) -> Result:
        """The result so far."""
        self.result.seconds = round(time.process_time() - self._begin, 1)
        return self.result


def _slow(_: int, __: FrameType | None) -> NoReturn:
    raise SlowError


def _peak_mb() -> int:
    import resource  # not on Windows, where the tests of this file are skipped

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def one(name: str, engine: str, seed: int, count: int, out: Path) -> None:
    """Runs one target in this process; the number of the input at hand stands in `out` in case it dies."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MB << 20, MOST_MB << 20))
    if engine == "atheris":
        _with_atheris(name, seed, count, out)
    harness = Harness(name, engine, seed)
    at = os.open(f"{out}.at", os.O_CREAT | os.O_WRONLY)
    for number in range(count):
        os.pwrite(at, str(number).encode(), 0)
        harness.run(harness.input(number))
    out.write_text(json.dumps(asdict(harness.done())))


def _with_atheris(name: str, seed: int, count: int, out: Path) -> NoReturn:
    import atheris

    with atheris.instrument_imports(include=["edgedf", "tomllib"], enable_loader_override=False):
        harness = Harness(name, "atheris", seed)
        harness.run(harness.inputs[0])  # imports what the target reads with
    from tests.fuzz.mutation import mutated

    corpus = Path("corpus")
    corpus.mkdir()
    for i, data in enumerate(harness.inputs):
        (corpus / str(i)).write_bytes(data)

    def read(data: bytes) -> None:
        harness.run(data)
        if harness.result.inputs >= count:
            out.write_text(json.dumps(asdict(harness.done())))
            os._exit(0)

    def damaged(data: bytes, largest: int, number: int) -> bytes:
        random = Random(number)
        if random.random() < 0.3:
            return bytes(atheris.Mutate(data, largest))
        return mutated(random, data, harness.target.form)[:largest]

    arguments = [
        name,
        f"-seed={seed + 1}",
        "-max_len=65536",
        "-timeout=600",
        "-rss_limit_mb=0",
        "-verbosity=0",
        "corpus",
    ]
    atheris.Setup(arguments, read, custom_mutator=damaged)
    atheris.Fuzz()
    raise AssertionError("libFuzzer gave up")


def in_its_own_process(name: str, engine: str, seed: int, count: int, limit_s: int) -> Result:
    """Runs one target in a new process; one that dies or hangs is a bug, too."""
    root = Path(__file__).parents[2]
    with TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        command = [sys.executable, "-m", "tests.fuzz.run", name, "--engine", engine, "--seed", str(seed)]
        command += ["--count", str(count), "--inside", str(out)]
        paths = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        own = Path(folder) / "work"
        (own / "tmp").mkdir(parents=True)
        settings = {"PYTHONPATH": paths, "TMPDIR": str(own / "tmp"), "EDGEDF_CACHE": str(Path(folder) / "cache")}
        ended: object
        try:
            ended = subprocess.run(
                command, cwd=own, env=os.environ | settings, timeout=limit_s, capture_output=True, text=True
            )
        except subprocess.TimeoutExpired as error:
            ended = error
        if out.is_file():
            return Result(**json.loads(out.read_text()))
        at = Path(f"{out}.at")
        result = Result(name, engine, seed, inputs=int(at.read_text() or 0) if at.is_file() else 0)
        said = getattr(ended, "stderr", "") or ""
        what = f"exit code {ended.returncode}" if isinstance(ended, subprocess.CompletedProcess) else "time is up"
        result.add(f"{what} at input {result.inputs}", b"", str(said).strip()[-600:])
        return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets that are named, or all; gives the exit code."""
    from tests.fuzz import servers
    from tests.fuzz.targets import TARGETS

    assert servers  # registers its targets, too
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; all by default")
    parser.add_argument("--engine", choices=("mutation", "atheris"), default="mutation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, help="inputs of each target; by default its share of --total")
    parser.add_argument("--total", type=int, default=100_000, help="inputs of all targets together")
    parser.add_argument("--limit-s", type=int, default=3600, help="for one target")
    parser.add_argument("--out", type=Path, help="JSON file for the results")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    shares = sum(target.share for target in TARGETS.values())
    results = []
    for name in options.targets or TARGETS:
        count = options.count or max(options.total * TARGETS[name].share // shares, 1)
        if options.inside:
            one(name, options.engine, options.seed, count, options.inside)
            return 0
        found = in_its_own_process(name, options.engine, options.seed, count, options.limit_s)
        print(f"{name}: {found.inputs} inputs, {found.valid} valid, {found.seconds} s, {found.peak_mb} MB")
        for bug, about in found.bugs.items():
            print(f"  {about['times']} x {bug}: {about['told']}")
        results.append(asdict(found))
        if options.out:
            options.out.write_text(json.dumps(results, indent=1) + "\n")
    return int(any(found["bugs"] for found in results))


if __name__ == "__main__":
    sys.exit(main())
