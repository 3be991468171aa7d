"""Commands of edgedf in processes of their own, with a home, a cache and signals of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 900.0  # of a command that is waited for: a hang is a failure


class Ended(NamedTuple):
    """What a process left: `code` is negative where a signal ended it."""

    code: int
    out: str
    err: str


class Child:
    """A process in a group of its own, so that its workers are hit with it.

    Args:
        words: Of `edgedf`, or of another program where the first is a path to a Python file.
        cache: Its `EDGEDF_CACHE`.
        limit: Called in the process before it starts, to set limits.
    """

    def __init__(self, words: Sequence[object], cache: Path, limit: Callable[[], None] | None = None) -> None:
        first, *others = map(str, words)
        program = [first] if first.endswith(".py") else ["-m", "edgedf", first]
        self._limit = limit
        self._said = TemporaryFile(), TemporaryFile()  # noqa: SIM115, read and closed by `end`
        self._process = subprocess.Popen(
            [sys.executable, *program, *others],
            env=os.environ | {"EDGEDF_CACHE": str(cache), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
            cwd=cache.parent,
            stdin=subprocess.DEVNULL,
            stdout=self._said[0],  # files: a full pipe would hold it up
            stderr=self._said[1],
            start_new_session=True,
            preexec_fn=self._prepare,
        )

    def _prepare(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it
        if self._limit:
            self._limit()

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """A signal to the whole group, as a terminal sends it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def end(self, timeout_s: float = TIMEOUT_S) -> Ended:
        """Waits for the end; what takes longer is killed, and raises."""
        try:
            self._process.wait(timeout_s)
        finally:
            self.send(signal.SIGKILL)  # also workers that outlive it
            self._process.wait()
        out, err = map(_text, self._said)
        return Ended(self._process.returncode, out, err)

    def killed_after(self, delay_s: float) -> Ended:
        """Lets it work for a while, then kills the group."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(delay_s)
        self.send(signal.SIGKILL)
        return self.end()

    def until(self, happened: Callable[[], object]) -> None:
        """Waits until something has happened.

        Raises:
            AssertionError: The process ended before.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while not happened():
            assert self.running and time.monotonic() < deadline, self.end()
            time.sleep(0.005)


def _text(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


def run(words: Sequence[object], cache: Path, limit: Callable[[], None] | None = None) -> Ended:
    """Runs a command to its end."""
    return Child(words, cache, limit).end()
