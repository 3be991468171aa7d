"""The tables of a report that Markdown and HTML have alike: latency in depth, and what it means at a camera."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from edgedf.metrics import Evaluation
from edgedf.report import operating, words
from edgedf.report.results import ModelResult, Report
from edgedf.report.roofline import blame
from edgedf.report.words import figure

LATENCY = ("calls", "p50 ms", "p90 ms", "p95 ms", "p99 ms", "max ms")
ALL_CORES = ("threads", "p50 ms", "p95 ms", "times as fast")
ROOFLINE = ("latency ms", "its least ms", "attained", "to blame")
PARTS = ("part", "faces", "fakes", "F1", "AUC", "recall", "false positive rate")
PACE = ("calls", "p50 ms", "p95 ms", "p99 ms", "max ms", "late", "after 1 s idle ms")
START = (
    "process to first score ms",
    "of it loading ms",
    "first call ms",
    "peak MB",
    "steady MB",
    "energy of a call mJ",
    "energy of",
)
GPU = ("CUDA graph", "host p50 ms", "GPU p50 ms", "trtexec p50 ms", "of it kernels ms")
ABSENT = "not available"
ROOF = (
    "On one thread: the least time that the layers can take on this machine, as a share of the latency. Where that is "
    "half of it or more, the network is to blame."
)
GPU_ABOUT = (
    "One face a call. Host: from the call until its outputs are there. GPU: copies and kernels alone, by CUDA events. "
    "trtexec, of TensorRT itself and in runs of its own: the same, and of it the kernels."
)
PARTS_ABOUT = (
    "The verdicts of the whole, on thirds of the faces by size before the crop and by sharpness, and by skin tone, "
    "guessed from the pixels; parts without both classes are left out."
)


class Table(NamedTuple):
    """A table of a report.

    Attributes:
        title: Above it.
        about: What its figures mean; may be empty.
        header: Of the columns after the model's.
        rows: The place of a result in the report, and cells beside its name.
    """

    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[tuple[int, list[str]]]


def tables(report: Report) -> list[Table]:
    """Those of which something was measured."""
    sizes = dict.fromkeys(batch.faces for one in report.results for batch in one.batches)
    found = [
        _table(report, "Percentiles of latency", words.noise(report), LATENCY, _latency),
        _ratios(report),
        _table(report, "On all cores", _all_cores_about(report), ALL_CORES, _all_cores),
        _table(report, "Attained share of the roofline", ROOF, ROOFLINE, _roofline),
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
            "From the start of a process of its own, the median of three. Energy is of the whole part "
            "of the machine that is named.",
            START,
            _start,
        ),
        Table("On the GPU", GPU_ABOUT, GPU, list(_gpu(report))),
        Table("By size, sharpness and skin tone", PARTS_ABOUT, PARTS, list(_parts(report))),
        Table("At a camera, and at other shares of fakes", operating.ABOUT, operating.HEADER, _operating(report)),
    ]
    return [one for one in found if one.rows]


def _table(
    report: Report, title: str, about: str, header: Sequence[str], cells: Callable[[ModelResult], list[str]]
) -> Table:
    rows = [(place, cells(one)) for place, one in enumerate(report.results)]
    return Table(title, about, header, [row for row in rows if row[1]])


def _ratios(report: Report) -> Table:
    """How much faster or slower each is than the first."""
    name = report.results[0].name
    about = f"The time of {name} divided by the model's own, by the fastest tenth of the rounds of each."
    rows = [(place, [ratio]) for place, one in enumerate(report.results) if (ratio := words.ratio(report, one))]
    return Table(f"Beside {name}", about, ("so much faster or slower",), rows)


def _all_cores(one: ModelResult) -> list[str]:
    if (at := one.all_cores) is None:
        return []
    gain = one.latency_ms_p50 / at.latency_ms_p50
    return [f"{at.threads}", figure(at.latency_ms_p50), figure(at.latency_ms_p95), figure(gain)]


def _all_cores_about(report: Report) -> str:
    return f"Times as fast as with {words.threads(report.threads)}; one face a call, all models in turns."


def _roofline(one: ModelResult) -> list[str]:
    if (found := one.roofline) is None:
        return []
    times = (found.latency_ms_p50, found.attainable_ms)
    return [*(figure(ms, ".3f") for ms in times), f"{1 / found.times_roofline:.0%}", blame(found)]


def _parts(report: Report) -> Iterator[tuple[int, list[str]]]:
    for place, one in enumerate(report.results):
        for name, part in one.parts.items():
            yield place, [name, *_worth(part)]


def _worth(found: Evaluation) -> list[str]:
    figures = (found.f1, found.auc, found.recall, found.false_positive_rate)
    return [f"{found.images:,}", f"{found.fakes:,}", *map(str, figures)]


def _gpu(report: Report) -> Iterator[tuple[int, list[str]]]:
    for place, one in enumerate(report.results):
        for at in one.gpu:
            times = (at.host_ms_p50, at.gpu_ms_p50, at.trtexec_ms_p50, at.trtexec_kernels_ms_p50)
            yield place, ["with" if at.cuda_graph else "without", *(_or_absent(ms) for ms in times)]


def _or_absent(ms: float | None) -> str:
    return ABSENT if ms is None else figure(ms, ".3f")


def _operating(report: Report) -> list[tuple[int, list[str]]]:
    return [(place, operating.cells(found)) for place, _, found in report.judged]


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
    energy = [ABSENT, ""] if one.energy_mj is None else [figure(one.energy_mj), one.energy_of or "the processor (RAPL)"]
    return [*(figure(ms, ".1f") for ms in times), *(figure(mb, ".1f") for mb in memory), *energy]
