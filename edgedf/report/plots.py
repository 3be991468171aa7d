"""The other pictures: every figure with its interval, and latencies side by side."""

from collections.abc import Iterable

from edgedf.metrics import FIGURES, WORTH, Interval
from edgedf.report.results import ModelResult, Report
from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

PANELS = {name: title for name, title in FIGURES.items() if name in WORTH}
NAMES, ROW, TOP, WIDTH = 190, 30, 34, 960
BOLD = 8.5  # width of a character of a name, in pixels


def _names(results: Iterable[ModelResult]) -> float:
    """Width that names need, `NAMES` at least."""
    return max(NAMES, *(BOLD * len(one.name) + 24 for one in results))


def intervals(report: Report) -> str:
    """A panel for each figure with a row for each model: the value and its 95 % interval."""
    height = TOP + ROW * len(report.judged) + 28
    left = _names(result for _, result, _ in report.judged)
    panel = (WIDTH - left) / len(PANELS)
    names = [
        text(left - 16, TOP + ROW * (row + 0.5) + 4, result.name, class_=f"label end series s{series % 6}")
        for row, (series, result, _) in enumerate(report.judged)
    ]
    drawn = [_panel(figure, report, left + panel * place, panel - 24, height) for place, figure in enumerate(PANELS)]
    return picture(WIDTH, height, "Figures with 95 % intervals", "Values stand in the table.", *names, *drawn)


def _panel(figure: str, report: Report, left: float, width: float, height: float) -> str:
    found: list[Interval] = [getattr(evaluation, figure) for _, _, evaluation in report.judged]
    low, high = min(one.low for one in found), max(one.high for one in found)
    margin = max(0.04 * (high - low), 0.005)
    x = Scale(max(0.0, low - margin), min(1.0, high + margin), left, left + width)
    ticks = x.ticks()[:: 2 if len(x.ticks()) > 4 else 1]
    parts = [text(left, 16, PANELS[figure], class_="name")]
    parts += [line(x(tick), TOP, x(tick), height - 26, class_="grid") for tick in ticks]
    parts += [text(x(tick), height - 8, f"{tick:.3g}", class_="tick middle") for tick in ticks]
    parts += [
        _interval(series, result.name, one, x, TOP + ROW * (row + 0.5))
        for row, ((series, result, _), one) in enumerate(zip(report.judged, found, strict=True))
    ]
    return element("g", *parts)


def _interval(series: int, name: str, one: Interval, x: Scale, y: float) -> str:
    return element(
        "g",
        tooltip(f"{name}: {one}"),
        line(x(one.low), y, x(one.high), y, class_="bar"),
        marker(x(one.value), y, series, radius=5.5),
        class_=f"series s{series % 6}",
    )


def latencies(report: Report) -> str:
    """A bar for each model's median latency, its 95th percentile as a tick; fastest first."""
    order = sorted(enumerate(report.results), key=lambda pair: pair[1].latency_ms_p50)
    slowest = max(result.latency_ms_p95 for result in report.results)
    x = Scale(0.0, slowest, _names(report.results), WIDTH - 190)
    rows = [_latency(series, result, x, ROW * row + 4) for row, (series, result) in enumerate(order)]
    height = ROW * len(order) + 8
    return picture(WIDTH, height, "Latency of one face", "Values stand in the table.", *rows)


def _latency(series: int, result: ModelResult, x: Scale, top: float) -> str:
    p50, p95, middle = x(result.latency_ms_p50), x(result.latency_ms_p95), top + ROW / 2
    words = f"{result.latency_ms_p50:.2f} ms, p95 {result.latency_ms_p95:.2f}"
    return element(
        "g",
        tooltip(f"{result.name}: {words}"),
        text(x.start - 16, middle + 1, result.name, class_="label end"),
        element("rect", x=x.start, y=top + 5, width=max(p50 - x.start, 1.5), height=ROW - 13, class_="mark", rx=2),
        line(p50, middle - 3, p95, middle - 3, class_="bar thin"),
        line(p95, middle - 8, p95, middle + 2, class_="bar thin"),
        text(p95 + 10, middle + 1, words, class_="figures"),
        class_="series " + ("peers" if result.evaluation is None else f"s{series % 6}"),
    )
