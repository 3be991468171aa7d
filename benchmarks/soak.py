"""Whether the watcher grows or slows: `python benchmarks/soak.py --frames 1000000`.

A few drawn people walk through the picture for so many frames, as fast as it goes, with the model and the detector of
the bundle. After a warm-up memory, threads and open files must stay, and so must the latency of a frame.
"""

import math
import os
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from edgedf.console import say, table
from edgedf.data.drawn import draw_face
from edgedf.errors import GateError, InputError
from edgedf.guard import run_alone
from edgedf.runtime import Frame, Watcher
from edgedf.shipped import DEFAULT_STUDENT

HEIGHT, WIDTH, SIDE, RATE = 360, 640, 128, 30
LOOP = 240  # frames after which the people are where they were
SAMPLES = 20
MOST_BYTES = 1 << 20  # of growth after the warm-up: what allocators may still take
MOST_DRIFT = 1.05  # latency of the last fifth, in those of the first after the warm-up: on a quiet machine

Pixels = NDArray[np.uint8]


class Sample(NamedTuple):
    """The process after some frames.

    Attributes:
        frames: Handled so far.
        bytes: Resident.
        threads: Running.
        files: Open.
        frame_ms: Mean time of a frame since the sample before.
    """

    frames: int
    bytes: int
    threads: int
    files: int
    frame_ms: float


def main(frames: int = 100_000, *, model: Path = DEFAULT_STUDENT, warm_up: float = 0.2) -> dict[str, Any]:
    """Runs so many frames.

    Args:
        frames: Their number.
        model: A bundle.
        warm_up: Share of the frames before what is compared.

    Returns:
        The samples, and growth and drift after the warm-up.

    Raises:
        InputError: This system does not tell a process's memory.
        GateError: It grew, or slowed down.
    """
    if not Path("/proc/self/statm").is_file():
        raise InputError("memory is read from /proc: run this on Linux")
    samples = []
    every, start = max(frames // SAMPLES, 1), time.perf_counter()
    with Watcher(_Walk(frames), model) as watcher:
        for event in watcher:
            if (event.frame.number + 1) % every == 0:
                now = time.perf_counter()
                samples.append(_sample(event.frame.number + 1, (now - start) * 1000 / every))
                start = now
        stats = watcher.stats
    rest = samples[math.ceil(len(samples) * warm_up) :]
    result = {
        "samples": [one._asdict() for one in samples],
        "grown_bytes": rest[-1].bytes - rest[0].bytes,
        "grown_threads": rest[-1].threads - rest[0].threads,
        "grown_files": rest[-1].files - rest[0].files,
        "drift": round(_mean_ms(rest[-len(rest) // 5 :]) / _mean_ms(rest[: max(len(rest) // 5, 1)]), 3),
        "stats": stats.to_dict(),
    }
    say(table(Sample._fields, [(*one[:4], f"{one.frame_ms:.2f}") for one in samples]))
    _check(result)
    return result


class _Walk:
    """Two drawn people who walk to and fro and pass each other, and a cut now and then."""

    live = False

    def __init__(self, frames: int) -> None:
        faces = [draw_face(np.random.default_rng(seed), fake=bool(seed))[::2, ::2] for seed in range(2)]
        self._pictures = [_picture(faces, number) for number in range(LOOP)]
        self._frames = frames

    def __iter__(self) -> Iterator[Frame]:
        for number in range(self._frames):
            yield Frame(self._pictures[number % LOOP], number / RATE, number)

    def close(self) -> None:
        """Nothing: there is nothing open."""


def _picture(faces: list[Pixels], number: int) -> Pixels:
    picture = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    picture[:, :: (1, -1)[number >= LOOP // 2]][:, : WIDTH // 2] = 180  # the light half changes sides: a cut
    way = 0.5 - math.cos(2 * math.pi * number / LOOP) / 2
    for face, share, top in zip(faces, (way, 1 - way), (20, 200), strict=True):
        left = round(share * (WIDTH - SIDE))
        picture[top : top + SIDE, left : left + SIDE] = face
    return picture


def _sample(frames: int, frame_ms: float) -> Sample:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Sample(
        frames, pages * os.sysconf("SC_PAGE_SIZE"), threading.active_count(), len(os.listdir("/proc/self/fd")), frame_ms
    )


def _mean_ms(samples: list[Sample]) -> float:
    return float(np.mean([one.frame_ms for one in samples]))


def _check(result: dict[str, Any]) -> None:
    """Refuses a process that grew or slowed down.

    Raises:
        GateError: It did.
    """
    grown = result["grown_bytes"]
    rises = all(one["bytes"] < other["bytes"] for one, other in pairwise(result["samples"][-SAMPLES // 2 :]))
    say(f"after the warm-up: {grown / 2**20:+.2f} MB, drift of latency {result['drift']}")
    if grown > MOST_BYTES or (rises and grown > MOST_BYTES / 4):
        raise GateError(f"memory grew by {grown} bytes")
    if result["grown_threads"] > 0 or result["grown_files"] > 0:
        raise GateError(f"{result['grown_threads']} threads and {result['grown_files']} files were left open")
    if result["drift"] > MOST_DRIFT:
        raise GateError(f"a frame takes {result['drift']} times as long as at the beginning")


def measured(
    frames: Annotated[int, typer.Option(min=SAMPLES, help="Number of frames.")] = 100_000,
    model: Annotated[Path, typer.Option(help="A bundle.")] = DEFAULT_STUDENT,
) -> dict[str, Any]:
    """Runs the watcher for long and measures what grows."""
    return main(frames, model=model)


if __name__ == "__main__":
    run_alone(measured)
