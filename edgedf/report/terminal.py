"""A report as text for a terminal."""

from edgedf.console import table
from edgedf.report import robustness_words, words
from edgedf.report.results import ModelResult, Report

HEADER = ["model", "F1", "AUC", "p50 ms", "p95 ms"]


def terminal(report: Report) -> str:
    """What each model is worth and takes, and how far the figures can be believed."""
    header = [*HEADER, f"beside {report.results[0].name}"]
    rows = [[*_figures(one), words.ratio(report, one)] for one in report.results]
    lines = ["", table(header, rows), "", words.noise(report), *robustness_words.departures(report.robustness)]
    return "\n".join(lines)


def _figures(result: ModelResult) -> list[str]:
    found = result.evaluation
    worth = ["", ""] if found is None else [str(found.f1), str(found.auc)]
    return [result.name, *worth, f"{result.latency_ms_p50:.2f}", f"{result.latency_ms_p95:.2f}"]
