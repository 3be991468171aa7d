"""Whether a report's noise can be believed: `python benchmarks/noise.py BUNDLE`, on a machine that does nothing else.

Again and again one artefact fills a report of three names: as it is, the same under a second name, which the report
should call a tie, and 8 % slower, which it should find. Both should be so in at least 19 of 20.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.bundle import Artefact
from edgedf.console import say
from edgedf.guard import run_alone
from edgedf.metrics import times_as_fast
from edgedf.report import Environment, ModelResult, Noise, Report, words
from edgedf.runtime import Engine
from edgedf.runtime.timing import clock_resolution_ms, measure, noise_crops

SLOWER = 0.08  # as a share of the median
NAMES = ("artefact", "twin", "slower")


class Told(NamedTuple):
    """What one report says of itself: its noise as a share, and of its models beside the first."""

    noise: float
    twin: str
    slower: str


def main(bundle: Path, *, runs: int = 20) -> dict[str, Any]:
    """Counts, of some runs of the benchmark, how many called the twin a tie and how many found the slower one.

    Args:
        bundle: Of it the fastest artefact here is taken, on one thread.
        runs: Number of reports; one takes 8 s.

    Returns:
        Both counts, and of each run its noise and what the report says of twin and slower one.
    """
    crop = noise_crops(1)
    told: list[Told] = []
    with Engine.load(bundle, threads=1) as engine:
        for run in range(runs):
            told.append(tell(partial(engine.predict, crop), engine.artefact))
            say(f"{run + 1}: noise {told[-1].noise:.1%}; twin {told[-1].twin}; slower {told[-1].slower}")
    ties = sum(one.twin.endswith("a tie") for one in told)
    found = sum(one.slower.endswith("times as slow") for one in told)
    say(f"of {runs}: {ties} twins are a tie, {found} slowdowns of {SLOWER:.0%} are found")
    return {"runs": runs, "ties": ties, "found": found, "told": [one._asdict() for one in told]}


def tell(call: Callable[[], object], artefact: Artefact) -> Told:
    """Measures a call, the same call, and the call slowed, as the benchmark does, and makes its report."""
    median_ms = measure({"": call})[""].latency_ms_p50
    calls = dict(zip(NAMES, (call, call, slowed(call, SLOWER * median_ms)), strict=True))
    *found, again = measure({**calls, "again": call}).values()
    first = found[0].rounds_ms
    results = [
        ModelResult(
            name,
            artefact.precision,
            artefact.backend,
            1.0,  # MB, of no matter here
            **asdict(one),
            times_as_fast=times_as_fast(first, one.rounds_ms),
        )
        for name, one in zip(NAMES, found, strict=True)
    ]
    noise = Noise.of(NAMES[0], first, again.rounds_ms, clock_resolution_ms())
    report = Report("noise", "", Environment.here(), 1, results, noise=noise)
    return Told(noise.share, *(words.ratio(report, one) for one in results[1:]))


def slowed(call: Callable[[], object], by_ms: float) -> Callable[[], None]:
    """The call followed by a busy wait."""

    def slow() -> None:
        call()
        end = time.perf_counter() + by_ms / 1000
        while time.perf_counter() < end:
            pass

    return slow


if __name__ == "__main__":
    run_alone(main)
