"""A roofline in words and tables, and as a picture: rate over intensity, both by logarithm."""

from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files

from edgedf.metrics.roofline import Roofline, Timed, together
from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

WIDTH, HEIGHT = 960, 480
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 30, 58
WORST = 5  # layers that are listed
DOUBTFUL = 1.2  # of its roof: no layer is that much faster, so that the roof must be too low
STAGES = ("stage", "MMAC", "KB moved", "least ms", "measured ms", "attained")
LAYERS = ("layer", "op", "stage", "MACs a byte", "GMAC/s", "least ms", "measured ms", "attained")


class Blame(StrEnum):
    """What most of a latency is due to."""

    NETWORK = "the network"
    RUNTIME = "the runtime"
    MEASUREMENT = "the measurement"


def blame(found: Roofline) -> Blame:
    """The network where its work is at least half of the latency; a roof above the latency was measured too low."""
    if found.times_roofline < 1:
        return Blame.MEASUREMENT
    return Blame.NETWORK if found.times_roofline <= 2 else Blame.RUNTIME


def finding(found: Roofline) -> str:
    """One sentence: how far the latency is from the roofline, and what is to blame for most of it."""
    told = (
        f"{found.name}: latency {found.latency_ms_p50:.3f} ms is {found.times_roofline:.2f} x its own roofline "
        f"of {found.attainable_ms:.3f} ms; "
    )
    blamed = blame(found)
    if blamed is Blame.MEASUREMENT:
        return told + "the roof was measured too low: measure again while nothing else runs"
    own = 1 / found.times_roofline
    if blamed is Blame.NETWORK:
        most = max(found.stages, key=lambda one: one.attainable_us)
        least = f"{most.attainable_us / 1e3:.3f} ms at best"
        return f"{told}to blame is {blamed}: its work takes {own:.0%} of the latency, {most.name} the most ({least})"
    most = max(found.stages, key=lambda one: one.lost_us)
    lost = f"{most.lost_us / 1e3:.3f} ms beyond its least"
    return f"{told}to blame is {blamed}: it loses {1 - own:.0%} of the latency, {most.name} the most ({lost})"


def notes(found: Roofline) -> list[str]:
    """What a reader of the figures must know."""
    kernels_ms = sum(one.time_us for one in found.kernels) / 1e3
    told = [
        f"the profiler changes a call by {found.profiler_share:+.0%}, to {found.profiled_ms_p50:.3f} ms; "
        f"the kernels take {kernels_ms:.3f} ms of it"
    ]
    if found.unmapped:
        ops = ", ".join(sorted({one.op for one in found.unmapped}))
        told.append(f"other: kernels of no layer of the graph ({ops}), which the runtime adds")
    if found.in_float:
        told.append(f"INT8 in the graph, but run in floating point: {', '.join(found.in_float)}")
    doubtful = [one.name for one in found.timed if one.macs and (one.attained or 0) > DOUBTFUL]
    if doubtful:
        told.append(f"faster than their roof, so the machine was busy as it was measured: {', '.join(doubtful)}")
    return told


def stage_rows(found: Roofline) -> list[list[str]]:
    """A row for each stage, under `STAGES`, and one for all together."""
    return [
        [one.name, f"{one.macs / 1e6:.2f}", f"{one.moved_bytes / 1e3:.1f}", *_times(one)]
        for one in (*found.stages, together("all", found.stages))
    ]


def worst_rows(found: Roofline, count: int = WORST) -> list[list[str]]:
    """A row for each of the layers that lose the most time, under `LAYERS`."""
    worst = sorted(found.timed, key=lambda one: one.lost_us, reverse=True)[:count]
    return [
        [one.name, _kind(one), one.stage, f"{one.intensity:.1f}", f"{one.gmac_s:.1f}", *_times(one)] for one in worst
    ]


def _kind(one: Timed) -> str:
    return f"{one.op} {one.precision}".strip()


def _times(one: Timed) -> list[str]:
    attained = "" if one.attained is None else f"{one.attained:.0%}"
    return [f"{one.attainable_us / 1e3:.4f}", f"{one.measured_us / 1e3:.4f}", attained]


def roofline_file(found: Roofline) -> str:
    """The picture as an SVG file, with its style."""
    style = files("edgedf.report").joinpath("page.css").read_text()
    return roofline_plot(found, f"<style>{style}</style>") + "\n"


def roofline_plot(found: Roofline, *before: str) -> str:
    """The picture, after parts of SVG: a dot for each layer that multiplies, under the roofs of this machine."""
    drawn = [one for one in found.timed if one.macs and one.moved_bytes and one.measured_us]
    stages = list(dict.fromkeys(one.stage for one in drawn))
    x, y = _scales(found, drawn)
    moved = sum(one.measured_us for one in found.timed if not one.macs) / 1e3
    about = f"{finding(found)}. Not drawn: layers without MACs, {moved:.3f} ms."
    parts = [
        *_axes(x, y),
        *_roofs(found, x, y),
        *(_dot(one, stages.index(one.stage), x, y) for one in drawn),
        *(_key(stage, place) for place, stage in enumerate(stages)),
        text(LEFT, 16, f"{found.name} in {found.backend}: {found.times_roofline:.2f} x its roofline", class_="name"),
    ]
    return picture(WIDTH, HEIGHT, "Roofline", about, *before, *parts)


def _scales(found: Roofline, drawn: Sequence[Timed]) -> tuple[Scale, Scale]:
    peaks, copies = found.peak.gmac_s.values(), [one.gb_s for one in found.peak.copies]
    ridges = [max(peaks) / max(copies), max(peaks) / min(copies), min(peaks) / max(copies)]
    across = [*ridges, *(one.intensity for one in drawn)]
    up = [*peaks, *(one.gmac_s for one in drawn)]
    x = Scale(min(across) / 2, max(across) * 2, LEFT, WIDTH - RIGHT, log=True)
    return x, Scale(min(up) / 2, max(up) * 2, HEIGHT - BOTTOM, TOP, log=True)


def _axes(x: Scale, y: Scale) -> list[str]:
    bottom = y.start
    parts = [line(LEFT, y(tick), x.end, y(tick), class_="grid") for tick in _ticks(y)]
    parts += [text(LEFT - 10, y(tick) + 4, f"{tick:g}", class_="tick end") for tick in _ticks(y)]
    parts += [line(x(tick), bottom, x(tick), bottom + 5, class_="axis") for tick in _ticks(x)]
    parts += [text(x(tick), bottom + 21, f"{tick:g}", class_="tick middle") for tick in _ticks(x)]
    parts.append(line(LEFT, bottom, x.end, bottom, class_="axis"))
    parts.append(text((LEFT + x.end) / 2, HEIGHT - 8, "MACs a byte moved (log)", class_="name middle"))
    middle = (TOP + bottom) / 2
    parts.append(text(16, middle, "GMAC/s (log)", class_="name middle", transform=f"rotate(-90 16 {middle:.0f})"))
    return parts


def _ticks(scale: Scale) -> list[float]:
    """The scale's own, or where these are too many the powers of ten."""
    ticks = scale.ticks()
    return ticks if len(ticks) < 9 else [one for one in ticks if f"{one:e}".startswith("1.")]


def _roofs(found: Roofline, x: Scale, y: Scale) -> list[str]:
    """A level for each precision, and a slope for copies in the caches and in memory."""
    copies = found.peak.copies
    memory = max(copies, key=lambda one: one.moved_bytes)
    fastest, highest = max(one.gb_s for one in copies), max(found.peak.gmac_s.values())
    parts = []
    for precision, gmac_s in found.peak.gmac_s.items():
        parts.append(line(x(gmac_s / fastest), y(gmac_s), x.end, y(gmac_s), class_="axis"))
        parts.append(text(x.end, y(gmac_s) - 6, f"{precision} {gmac_s:.0f} GMAC/s", class_="hint end"))
    for name, gb_s in {"memory": memory.gb_s, "caches": fastest}.items():
        start, end = max(x.low, y.low / gb_s), highest / gb_s
        parts.append(line(x(start), y(start * gb_s), x(end), y(highest), class_="axis"))
        at = (start * end) ** 0.5
        parts.append(text(x(at) - 6, y(at * gb_s) - 6, f"{name} {gb_s:.0f} GB/s", class_="hint end"))
    return parts


def _dot(one: Timed, series: int, x: Scale, y: Scale) -> str:
    says = (
        f"{one.name}, {one.stage}, {one.precision}: {one.gmac_s:.3g} GMAC/s at {one.intensity:.3g} MACs a byte, "
        f"{one.measured_us / 1e3:.4f} ms, {one.attained or 0:.0%} of its roof"
    )
    mark = marker(x(one.intensity), y(one.gmac_s), series, radius=5.5)
    return element("g", tooltip(says), mark, class_=f"series s{series % 6}")


def _key(stage: str, place: int) -> str:
    left, top = WIDTH - RIGHT + 24.0, TOP + 12.0 + 24 * place
    return element(
        "g", marker(left, top, place, radius=5.5), text(left + 14, top + 4, stage), class_=f"series s{place % 6}"
    )
