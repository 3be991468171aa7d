"""A report as one HTML page: no scripts, nothing fetched, light and dark."""

import html
from collections.abc import Iterable, Sequence
from importlib.resources import files

from edgedf.metrics import FIGURES, Evaluation, Interval
from edgedf.metrics.robustness import Robustness
from edgedf.metrics.roofline import Roofline
from edgedf.report import robustness_words, roofline, words
from edgedf.report.headline import headline
from edgedf.report.plots import intervals, latencies
from edgedf.report.results import F1_FIRST, ModelResult, Report
from edgedf.report.robustness_plot import curves
from edgedf.report.svg import element, marker
from edgedf.report.tables import tables


def page(report: Report) -> str:
    """The whole page."""
    body = [
        element("p", html.escape(words.finding(report)), class_="finding"),
        *(_judged(report) if report.judged else []),
        section("Latency", f"Bars: median; ticks: 95th percentile; {words.setting(report)}.", latencies(report)),
        _robustness(report.robustness) if report.robustness else "",
        _tables(report),
        *(_profile(*one) for one in report.profiled),
        _notes(report),
        _about(report),
    ]
    return document(report.title, body)


def document(title: str, body: Iterable[str]) -> str:
    """A whole page of parts that are HTML already, below its title."""
    style = files("edgedf.report").joinpath("page.css").read_text()
    title = html.escape(title)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>\n{style}</style></head>\n'
        f"<body>\n<h1>{title}</h1>{''.join(body)}</body></html>\n"
    )


def section(title: str, about: str, content: str) -> str:
    """A part of a page: its title and what it is about as text, its content as HTML."""
    about = f'<p class="about">{html.escape(about)}</p>'
    return f"<section><h2>{html.escape(title)}</h2>{about}{content}</section>\n"


def _judged(report: Report) -> list[str]:
    """What needs evaluations."""
    return [
        section(
            "F1 against latency",
            f"Data: {words.data(report)}. "
            "Upright bars: 95 % interval of F1. Sideways: from the median to the 95th percentile of latency.",
            f"<figure>{headline(report)}</figure>",
        ),
        section("Figures and their 95 % intervals", words.INTERVALS, f"<figure>{intervals(report)}</figure>"),
        section(
            "Confusion matrices",
            "Raw counts at each model's own threshold, with their share of the row.",
            f'<div class="matrices">{"".join(map(_matrix, *zip(*report.judged, strict=True)))}</div>',
        ),
    ]


def _matrix(series: int, result: ModelResult, found: Evaluation) -> str:
    matrix = found.matrix
    rows = {"real": (matrix.tn, matrix.fp), "fake": (matrix.fn, matrix.tp)}
    body = "".join(
        f'<tr><th scope="row">{label}</th>{"".join(_cell(count, sum(cells)) for count in cells)}</tr>'
        for label, cells in rows.items()
    )
    head = '<tr><td></td><th scope="col">called real</th><th scope="col">called fake</th></tr>'
    caption = f"<caption>{html.escape(result.name)}</caption>"
    return f'<table class="matrix s{series % 6}">{caption}{head}{body}</table>'


def _cell(count: float, row: float) -> str:
    share = count / row if row else 0.0
    return f'<td style="--share:{share:.3f}">{count:,.0f}<small>{share:.1%}</small></td>'


def _tables(report: Report) -> str:
    figures = [FIGURES[name] for name in F1_FIRST]
    worth = table(
        ("model", "format", *figures, "p50 ms", "p95 ms", "size MB"),
        (_worth_row(series, result) for series, result in enumerate(report.results)),
    )
    verdicts = table(
        ("model", "threshold", "chosen by", "TN", "FP", "FN", "TP", "false positive rate", "ECE"),
        (_verdict_row(*one) for one in report.judged),
    )
    about = "F1 and latency are of the same file."
    parts = section("All figures", about, worth)
    for one in tables(report):
        rows = ([_name(i, report.results[i]), *map(html.escape, cells)] for i, cells in one.rows)
        parts += section(one.title, one.about, table(("model", *one.header), rows))
    if report.judged:
        parts += section("Thresholds and verdicts", f"Fake is the positive class. {BY}", verdicts)
    return parts


BY = "Where a rule is cross-fitted, each verdict rests on a threshold chosen without its own group."


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; the first of each row is its heading."""
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>' for first, *rest in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def key(series: int | None, name: str) -> str:
    """A name as HTML behind the colour and mark of its series; a peer has none."""
    colour = "peers" if series is None else f"s{series % 6}"
    mark = "" if series is None else marker(0, 0, series, radius=5)
    shown = element("svg", mark, class_=f"key series {colour}", viewBox="-8 -8 16 16", aria_hidden="true")
    return shown + html.escape(name)


def _name(series: int, result: ModelResult) -> str:
    return key(series if result.evaluation else None, result.name)


def _figure(found: Interval) -> str:
    return f"{found.value:.3f}<small>{found.low:.3f} to {found.high:.3f}</small>"


def _worth_row(series: int, result: ModelResult) -> list[str]:
    found = result.evaluation
    shown = ["-" if found is None else _figure(getattr(found, name)) for name in F1_FIRST]
    latency = f"{result.latency_ms_p50:.2f}", f"{result.latency_ms_p95:.2f}", f"{result.size_mb:.2f}"
    return [_name(series, result), html.escape(result.precision), *shown, *latency]


def _verdict_row(series: int, result: ModelResult, found: Evaluation) -> list[str]:
    matrix = found.matrix
    counts = (f"{cell:,.0f}" for cell in (matrix.tn, matrix.fp, matrix.fn, matrix.tp))
    rates = _figure(found.false_positive_rate), _figure(found.ece)
    return [_name(series, result), f"{found.threshold:.3f}", html.escape(found.rule), *counts, *rates]


def _profile(result: ModelResult, found: Roofline) -> str:
    """Where the time of an artefact goes: its roofline, stages, and worst layers."""
    stages = table(roofline.STAGES, _escaped(roofline.stage_rows(found)))
    layers = table(roofline.LAYERS, _escaped(roofline.worst_rows(found)))
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in roofline.notes(found))
    picture = f"<figure>{roofline.roofline_plot(found)}</figure>"
    content = f'{picture}{stages}<h3>Layers that lose the most</h3>{layers}<ul class="notes">{notes}</ul>'
    return section(f"Roofline of {result.name}", f"{roofline.finding(found)}.", content)


def _escaped(rows: Iterable[Sequence[str]]) -> Iterable[list[str]]:
    return ([html.escape(cell) for cell in row] for row in rows)


def _robustness(found: Robustness) -> str:
    """Its curves and, behind each model's, their figures."""
    parts = [element("p", html.escape(line)) for line in robustness_words.departures(found)]
    for one in found.models:
        figures = table(robustness_words.header(one), _escaped(robustness_words.rows(one)))
        summary = f"<summary>Figures of {html.escape(one.model)}</summary>"
        parts.append(f"<h3>{html.escape(one.model)}</h3><figure>{curves(one)}</figure>")
        parts.append(f"<details>{summary}{figures}</details>")
    return section(robustness_words.TITLE, robustness_words.about(found), "".join(parts))


def _notes(report: Report) -> str:
    items = [f"<li>{html.escape(f'{one.name}: {note}')}</li>" for one in report.results for note in one.notes]
    return f'<section><h2>Notes</h2><ul class="notes">{"".join(items)}</ul></section>\n' if items else ""


def _about(report: Report) -> str:
    facts = {
        "Machine": words.machine(report),
        "State": words.state(report),
        "Data": words.data(report),
        "Measured": report.created,
    }
    terms = "".join(f"<dt>{term}</dt><dd>{html.escape(fact)}</dd>" for term, fact in facts.items())
    return f"<footer><dl>{terms}</dl></footer>\n"
