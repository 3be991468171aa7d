"""One process a core, each with a detector and a decoder of one thread."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path

from edgedf.data.prepare.cutting import Cutter
from edgedf.data.prepare.outcome import Face, Outcome
from edgedf.data.prepare.remote import cut
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.errors import InputError
from edgedf.faces.detectors import load_detector

Job = tuple[Source, list[Face] | None]
"""A source, and the faces to cut in place of those that a detector would find."""

Work = Callable[[Sequence[Job], Settings, Path], Iterator[Outcome]]
"""Cuts the faces of jobs into the folder of an output."""


def make_cutter(settings: Settings, out: Path) -> Cutter:
    """A cutter whose every part runs on one thread."""
    return Cutter(settings, load_detector(settings.rule.detector, threads=1), out)


def cut_all(jobs: Sequence[Job], settings: Settings, out: Path, processes: int) -> Iterator[Outcome]:
    """What became of each source, in the order in which they are done.

    Raises:
        InputError: A process was killed.
        OSError: The disk is full.
    """
    processes = min(processes, len(jobs))
    if processes < 2:
        cutter = make_cutter(settings, out)
        yield from (cut(cutter, *job) for job in jobs)
    else:
        yield from _in_processes(jobs, settings, out, processes)


def _in_processes(jobs: Sequence[Job], settings: Settings, out: Path, processes: int) -> Iterator[Outcome]:
    # Started afresh: a copy of this process would share the locks of its threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, _begin, (settings, out))
    try:
        with _interrupts_kept():
            waiting: set[Future[Outcome]] = {pool.submit(_cut, *job) for job in jobs}
        for one in as_completed(waiting):
            waiting.remove(one)  # or the outcomes of a million photos stay in memory
            yield one.result()
    except BrokenProcessPool:
        raise InputError("a process was killed, perhaps for want of memory: run the command again to go on") from None
    except (KeyboardInterrupt, GeneratorExit):
        for process in multiprocessing.active_children():
            process.terminate()  # or the end waits for whole videos
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Processes that are started here hear Ctrl-C only once they know what to do then, see `_begin`."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_cutter: Cutter | None = None


def _begin(settings: Settings, out: Path) -> None:
    """Runs first in each process."""
    global _cutter
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))  # a terminal sends Ctrl-C to all; the parent tells of it
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end_with_parent()
    _cutter = make_cutter(settings, out)


def end_with_parent() -> None:
    """Ends this process when its parent does: one that is killed cannot stop its children, and they would wait on."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _cut(source: Source, shared: list[Face] | None) -> Outcome:
    assert _cutter is not None
    return cut(_cutter, source, shared)
