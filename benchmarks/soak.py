"""Whether the watcher grows or slows: `python benchmarks/soak.py --frames 324000 --pace 30 --out soak.json`.

A few drawn people walk through the picture for so many frames, as fast as it goes or at a camera's pace, with the model
and the detector of the bundle. After a warm-up memory, threads and open files must stay, and so must the latency of a
frame.
"""

import json
import math
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from edgedf.console import say, table
from edgedf.data.drawn import draw_face
from edgedf.errors import GateError, InputError
from edgedf.files import write_text
from edgedf.guard import run_alone
from edgedf.machine import cpu_name
from edgedf.runtime import Event, Frame, Watcher
from edgedf.runtime.live.stats import Stats
from edgedf.shipped import DEFAULT_STUDENT

HEIGHT, WIDTH, SIDE, RATE = 360, 640, 128, 30
LOOP = 240  # frames after which the people are where they were
SAMPLES = 100
WARM_UP = 0.2  # share of the samples before what is compared
MOST_BYTES = 1 << 20  # of growth after the warm-up, by a straight line: what allocators may still take
MOST_DRIFT = 1.05  # latency of the last fifth, in those of the first after the warm-up: on a quiet machine

Pixels = NDArray[np.uint8]


class Sample(NamedTuple):
    """The process after some frames.

    Attributes:
        frames: Handled so far.
        bytes: Resident.
        threads: Running.
        files: Open.
        dropped: Frames no one looked at, so far.
        p50_ms: Latency of the last frames.
        p95_ms: Theirs too.
        load: Processes that ran or wanted to, in the last minute, on the whole machine.
        seconds: Since the start.
    """

    frames: int
    bytes: int
    threads: int
    files: int
    dropped: int
    p50_ms: float
    p95_ms: float
    load: float
    seconds: float


def main(
    frames: int = 100_000, *, pace: float | None = None, out: Path | None = None, model: Path = DEFAULT_STUDENT
) -> dict[str, Any]:
    """Runs so many frames.

    Args:
        frames: Their number.
        pace: Frames a second, as of a camera, whose older frames are dropped where it is too fast; None handles all of
            them, as fast as it goes.
        out: JSON file that holds the samples so far, at every moment.
        model: A bundle.

    Returns:
        The samples, and growth and drift after the warm-up.

    Raises:
        InputError: This system does not tell a process's memory, or hardly a frame was handled.
        GateError: It grew, or slowed down.
    """
    if not Path("/proc/self/statm").is_file():
        raise InputError("memory is read from /proc: run this on Linux")
    samples: list[Sample] = []
    every, start = max(frames // SAMPLES, 1), time.perf_counter()
    with Watcher(_Walk(frames, pace), model) as watcher:
        for event in watcher:
            if (event.frame.number + 1) // every > len(samples):
                samples.append(_sample(event, watcher.stats, time.perf_counter() - start))
                _keep(out, samples, pace)
        stats = watcher.stats
    result = _grown(samples) | {"stats": stats.to_dict()}
    rows = [[f"{value:.4g}" if isinstance(value, float) else value for value in one] for one in samples]
    say(table(Sample._fields, rows[:: max(len(rows) // 20, 1)]))
    _check(result)
    return result


def _keep(out: Path | None, samples: list[Sample], pace: float | None) -> None:
    if out:
        write_text(out, json.dumps({"pace": pace, "cpu": cpu_name(), "samples": [one._asdict() for one in samples]}))


def _grown(samples: list[Sample]) -> dict[str, Any]:
    rest = samples[math.ceil(len(samples) * WARM_UP) :]
    if len(rest) < 2:
        raise InputError("hardly a frame was handled at this pace: give a slower one, or more frames")
    slope = np.polyfit([one.frames for one in rest], [one.bytes for one in rest], 1)[0]
    fifth = max(len(rest) // 5, 1)
    return {
        "samples": [one._asdict() for one in samples],
        "grown_bytes": round(slope * (rest[-1].frames - rest[0].frames)),
        "grown_threads": rest[-1].threads - rest[0].threads,
        "grown_files": rest[-1].files - rest[0].files,
        "drift": round(_mean_ms(rest[-fifth:]) / _mean_ms(rest[:fifth]), 3),
    }


class _Walk:
    """Two drawn people who walk to and fro and pass each other, and a cut now and then."""

    def __init__(self, frames: int, pace: float | None) -> None:
        faces = [draw_face(np.random.default_rng(seed), fake=bool(seed))[::2, ::2] for seed in range(2)]
        self._pictures = [_picture(faces, number) for number in range(LOOP)]
        self._frames, self._pace = frames, pace
        self.live = pace is not None

    def __iter__(self) -> Iterator[Frame]:
        start = time.perf_counter()
        for number in range(self._frames):
            if self._pace:
                time.sleep(max(start + number / self._pace - time.perf_counter(), 0))
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


def _sample(event: Event, stats: Stats, seconds: float) -> Sample:
    latency, pages = stats.latency_ms, int(Path("/proc/self/statm").read_text().split()[1])
    assert latency  # there was a frame
    return Sample(
        frames=event.frame.number + 1 - event.dropped,  # the watcher may be ahead
        bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        threads=threading.active_count(),
        files=len(os.listdir("/proc/self/fd")),
        dropped=event.dropped,
        p50_ms=latency.p50,
        p95_ms=latency.p95,
        load=os.getloadavg()[0],
        seconds=seconds,
    )


def _mean_ms(samples: list[Sample]) -> float:
    return float(np.mean([one.p50_ms for one in samples]))


def _check(result: dict[str, Any]) -> None:
    """Refuses a process that grew or slowed down.

    Raises:
        GateError: It did.
    """
    grown = result["grown_bytes"]
    say(f"after the warm-up: {grown / 2**20:+.2f} MB, drift of latency {result['drift']}")
    if grown > MOST_BYTES:
        raise GateError(f"memory grew by {grown} bytes")
    if result["grown_threads"] > 0 or result["grown_files"] > 0:
        raise GateError(f"{result['grown_threads']} threads and {result['grown_files']} files were left open")
    if result["drift"] > MOST_DRIFT:
        raise GateError(f"a frame takes {result['drift']} times as long as at the beginning")


def measured(
    frames: Annotated[int, typer.Option(min=SAMPLES, help="Number of frames.")] = 100_000,
    pace: Annotated[float | None, typer.Option(min=1, help="Frames a second, as of a camera.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file of the samples.")] = None,
    model: Annotated[Path, typer.Option(help="A bundle.")] = DEFAULT_STUDENT,
) -> dict[str, Any]:
    """Runs the watcher for long and measures what grows."""
    return main(frames, pace=pace, out=out, model=model)


if __name__ == "__main__":
    run_alone(measured)
