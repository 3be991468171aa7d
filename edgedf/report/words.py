"""Sentences that the Markdown and the HTML report share."""

from edgedf.metrics import Evaluation
from edgedf.report.results import ModelResult, Report


def finding(report: Report) -> str:
    """What a reader should take away: the best F1, the fastest, and how they compare."""
    judged = [(result, evaluation.f1) for _, result, evaluation in report.judged]
    if not judged:
        return "Latency only: no model here was evaluated."
    best, best_f1 = max(judged, key=lambda pair: pair[1].value)
    fast, fast_f1 = min(judged, key=lambda pair: pair[0].latency_ms_p50)
    if best is fast:
        return f"{best.name} is both the fastest and has the highest F1: {best_f1} at {_ms(best)}."
    times = best.latency_ms_p50 / fast.latency_ms_p50
    return (
        f"{best.name} has the highest F1: {best_f1} at {_ms(best)}. "
        f"{fast.name} is {times:.1f} times as fast: {fast_f1} at {_ms(fast)}."
    )


def _ms(result: ModelResult) -> str:
    return f"{result.latency_ms_p50:.2f} ms"


def machine(report: Report) -> str:
    """The machine and the software."""
    here = report.environment
    features = ", ".join(here.features) or "features unknown"
    versions = ", ".join(f"{name} {number}" for name, number in here.versions.items())
    cores = f"{here.cores} core{'s' if here.cores > 1 else ''}"
    return f"{here.cpu} ({features}), {cores}, {here.system}; {versions}"


def setting(report: Report) -> str:
    """How the latency was measured."""
    threads = f"{report.threads} thread{'s' if report.threads > 1 else ''}"
    return f"one face a call, {threads}, all models in turn within one run, warm-up apart"


def images(evaluation: Evaluation) -> str:
    """How many images an evaluation rests on."""
    return (
        f"{evaluation.images:,} images, {evaluation.fakes:,} of them fake, in {evaluation.groups:,} groups; "
        f"precision and F1 stated at {100 * evaluation.prevalence:.1f} % fakes"
    )


def data(report: Report) -> str:
    """The images that all evaluations of a report were made on, where they are the same."""
    if report.data is None or not report.judged:
        return "no data given: figures, where there are any, are those that each bundle recorded at export"
    name = f"{report.data.name}, split {report.data.split} (fingerprint {report.data.fingerprint[:12]})"
    return f"{name}: {images(report.judged[0][2])}"


INTERVALS = (
    "Intervals are 95 %, by bootstrap over groups (one person or source video each); they do not cover the "
    "choice of the threshold or another training run. Every rate follows from its row's confusion matrix."
)
