"""A report as Markdown."""

from edgedf.markdown import table
from edgedf.metrics import FIGURES, Evaluation
from edgedf.metrics.roofline import Roofline
from edgedf.report import robustness_words, roofline, words
from edgedf.report.results import F1_FIRST, ModelResult, Report
from edgedf.report.tables import tables


def markdown(report: Report) -> str:
    """The report as one Markdown text."""
    parts = [
        f"# {report.title}",
        words.finding(report),
        f"* Data: {words.data(report)}\n* Latency: {words.setting(report)}",
        f"Measured {report.created} on {words.machine(report)}; {words.state(report)}.",
        "## Worth and latency",
        table(
            ("model", "format", *(FIGURES[name] for name in F1_FIRST), "p50 ms", "p95 ms", "size MB"),
            map(_worth, report.results),
        ),
    ]
    for one in tables(report):
        rows = ([report.results[place].name, *cells] for place, cells in one.rows)
        parts += [f"## {one.title}", table(("model", *one.header), rows), one.about]
    if report.judged:
        parts += [
            "## Verdicts",
            table(
                ("model", "threshold", "chosen by", "TN", "FP", "FN", "TP", "false positive rate", "ECE"),
                (_verdicts(result, evaluation) for _, result, evaluation in report.judged),
            ),
            words.INTERVALS,
        ]
    for result, found in report.profiled:
        parts += _profile(result, found)
    if card := report.robustness:
        parts += [f"## {robustness_words.TITLE}", robustness_words.about(card), *robustness_words.departures(card)]
        for model in card.models:
            parts += [f"### {model.model}", table(robustness_words.header(model), robustness_words.rows(model))]
    parts.append("\n".join(f"* {one.name}: {note}" for one in report.results for note in one.notes))
    return "\n\n".join(part for part in parts if part) + "\n"


def _profile(result: ModelResult, found: Roofline) -> list[str]:
    return [
        f"## Roofline of {result.name}",
        f"{roofline.finding(found)}.",
        table(roofline.STAGES, roofline.stage_rows(found)),
        "Layers that lose the most:",
        table(roofline.LAYERS, roofline.worst_rows(found)),
        "\n".join(f"* {note}" for note in roofline.notes(found)),
    ]


def _worth(result: ModelResult) -> list[str]:
    found = result.evaluation
    figures = ["" if found is None else str(getattr(found, name)) for name in F1_FIRST]
    latency = [f"{result.latency_ms_p50:.2f}", f"{result.latency_ms_p95:.2f}", f"{result.size_mb:.2f}"]
    return [result.name, result.precision, *figures, *latency]


def _verdicts(result: ModelResult, found: Evaluation) -> list[str]:
    cells = (found.matrix.tn, found.matrix.fp, found.matrix.fn, found.matrix.tp)
    return [
        result.name,
        f"{found.threshold:.3f}",
        found.rule,
        *(f"{cell:.0f}" for cell in cells),
        str(found.false_positive_rate),
        str(found.ece),
    ]
