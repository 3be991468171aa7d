"""The tables of a report that Markdown and HTML have alike: latency in depth, and what it means at a camera."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from edgedf.report import operating, words
from edgedf.report.results import ModelResult, Report
from edgedf.report.words import figure

LATENCY = ("calls", "p50 ms", "p90 ms", "p95 ms", "p99 ms", "max ms")
PACE = ("calls", "p50 ms", "p95 ms", "p99 ms", "max ms", "late", "after 1 s idle ms")
START = (
    "process to first score ms",
    "of it loading ms",
    "first call ms",
    "peak MB",
    "steady MB",
    "energy of a call mJ",
)


class Table(NamedTuple):
    """A table of a report.

    Attributes:
        title: Above it.
        about: What its figures mean; may be empty.
        header: Of the columns after the model's.
        rows: Cells of each result, by its place in the report.
    """

    title: str
    about: str
    header: Sequence[str]
    rows: dict[int, list[str]]


def tables(report: Report) -> list[Table]:
    """Those of which something was measured."""
    sizes = dict.fromkeys(batch.faces for one in report.results for batch in one.batches)
    found = [
        _table(report, "Percentiles of latency", words.noise(report), LATENCY, _latency),
        _table(
            report,
            "Several faces a call",
            "Median of a call, divided by its faces; all sizes in turns.",
            [f"{size} {'faces' if size > 1 else 'face'}: ms a face" for size in sizes],
            _batches,
        ),
        _table(report, "At a camera's pace", _pace_about(report), PACE, _pace),
        _table(
            report,
            "Start, memory, energy",
            "From the start of a process of its own, the median of three. Energy is of the whole processor.",
            START,
            _start,
        ),
        Table("At a camera, and at other shares of fakes", operating.ABOUT, operating.HEADER, _operating(report)),
    ]
    return [one for one in found if one.rows]


def _table(
    report: Report, title: str, about: str, header: Sequence[str], cells: Callable[[ModelResult], list[str]]
) -> Table:
    rows = {place: cells(one) for place, one in enumerate(report.results)}
    return Table(title, about, header, {place: row for place, row in rows.items() if row})


def _operating(report: Report) -> dict[int, list[str]]:
    return {place: operating.cells(found) for place, _, found in report.judged}


def _latency(one: ModelResult) -> list[str]:
    times = (one.latency_ms_p50, one.latency_ms_p90, one.latency_ms_p95, one.latency_ms_p99, one.latency_ms_max)
    return [f"{one.calls}", *map(figure, times)]


def _batches(one: ModelResult) -> list[str]:
    return [figure(batch.face_ms_p50) for batch in one.batches]


def _pace(one: ModelResult) -> list[str]:
    if (at := one.paced) is None:
        return []
    times = (at.latency_ms_p50, at.latency_ms_p95, at.latency_ms_p99, at.latency_ms_max)
    return [f"{at.calls}", *map(figure, times), f"{at.missed}", figure(at.after_idle_ms)]


def _pace_about(report: Report) -> str:
    periods = [one.paced.period_ms for one in report.results if one.paced]
    return (
        f"A call each {periods[0]:.1f} ms, with nothing between; late is what was not done by the next."
        if periods
        else ""
    )


def _start(one: ModelResult) -> list[str]:
    if (start := one.start) is None:
        return []
    times = (start.process_ms, start.load_ms, start.first_ms)
    memory = (start.peak_mb, start.steady_mb)
    energy = "not available" if one.energy_mj is None else figure(one.energy_mj)
    return [*(figure(ms, ".1f") for ms in times), *(figure(mb, ".1f") for mb in memory), energy]
