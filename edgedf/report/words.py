"""Sentences that the Markdown and the HTML report share."""

from itertools import combinations

from edgedf.metrics import Evaluation, change
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
    highest = f"{best.name} has the highest F1: {best_f1} at {_ms(best)}. "
    if tied(report, fast, best):
        return f"{highest}No model is faster by more than the noise of this run."
    times = best.latency_ms_p50 / fast.latency_ms_p50
    return f"{highest}{fast.name} is {times:.1f} times as fast: {fast_f1} at {_ms(fast)}."


def tied(report: Report, one: ModelResult, other: ModelResult) -> bool:
    """Whether two latencies differ by no more than the noise of their run."""
    if report.noise is None or not one.rounds_ms or not other.rounds_ms:
        return False
    return abs(change(one.rounds_ms, other.rounds_ms).value) <= report.noise.share


def noise(report: Report) -> str:
    """What differences of latency mean, and which models are a tie; nothing where the noise was not measured."""
    if report.noise is None:
        return ""
    ties = [f"{a.name} and {b.name} are a tie." for a, b in combinations(report.results, 2) if tied(report, a, b)]
    told = (
        f"Noise: {report.noise.model}, measured twice under two names in the same rounds, differs from itself by up to "
        f"{report.noise.share:.1%} (95 %); two models that differ by less are a tie."
    )
    return " ".join([told, *ties])


def ratio(report: Report, one: ModelResult) -> str:
    """How much faster or slower a model is than the first; nothing of the first itself, or where it is not known."""
    times = one.times_as_fast
    if times is None or one is report.results[0]:
        return ""
    told = f"{times:.2f} times as fast" if times >= 1 else f"{1 / times:.2f} times as slow"
    return f"{told}, a tie" if tied(report, report.results[0], one) else told


def _ms(result: ModelResult) -> str:
    return f"{result.latency_ms_p50:.2f} ms"


def machine(report: Report) -> str:
    """The machine and the software."""
    here = report.environment
    features = ", ".join(here.features) or "features unknown"
    versions = ", ".join(f"{name} {number}" for name, number in here.versions.items())
    cores = f"{here.cores} core{'s' if here.cores > 1 else ''}"
    return f"{here.cpu} ({features}), {cores}, {here.system}; {versions}"


def state(report: Report) -> str:
    """How the machine was when the measurement began."""
    here = report.environment
    facts = {
        "governor": here.governor,
        "clock": here.frequency_mhz and f"{here.frequency_mhz:.0f} MHz",
        "load": None if here.load is None else f"{here.load:.2f}",
        "temperature": None if here.temperature_c is None else f"{here.temperature_c:.0f} °C",
    }
    return ", ".join(f"{name} {fact or 'not available'}" for name, fact in facts.items())


def setting(report: Report) -> str:
    """How the latency was measured."""
    return f"one face a call, {threads(report.threads)}, all models in turn within one run, warm-up apart"


def threads(count: int) -> str:
    """How many threads."""
    return f"{count} thread{'s' if count > 1 else ''}"


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


def figure(value: float | None, form: str = ".2f") -> str:
    """A number, or a dash where it was not measured."""
    return "-" if value is None else format(value, form)
