"""The INT8 artefact of a target: calibrated in the best way, mixed where it must be, and for which CPUs."""

from dataclasses import replace

from edgedf.console import say
from edgedf.deploy.calibration import METHODS, TRAINING, Sample, Statistics, record
from edgedf.deploy.judging import Judge, Judged
from edgedf.deploy.mixed import Ranking, leave_float
from edgedf.deploy.saturation import cpu_needs, saturates
from edgedf.deploy.sensitivity import effects
from edgedf.deploy.source import Source
from edgedf.deploy.targets import TARGETS
from edgedf.errors import InputError

SENSITIVITY_IMAGES = 64


def int8_artefact(
    judge: Judge, target: str, sample: Sample, method: str, mixed: bool, whole: Judged
) -> tuple[Judged, Ranking | None]:
    """The target's INT8 artefact by the best method, and its layers if that breaks the gate.

    Args:
        judge: Of the artefacts.
        target: A key of `TARGETS`.
        sample: Faces to calibrate on.
        method: One of `METHODS`, `TRAINING`, or `auto` for the one that flips the fewest verdicts.
        mixed: Leave the fewest layers in floating point with which it passes the gate.
        whole: The artefact that leaves them all.

    Raises:
        InputError: The network was not trained to be the INT8 of this target, and `method` asks for that.
    """
    graph, build = judge.source.graph, TARGETS[target].int8
    choices = _statistics(judge.source, target, sample, method)
    tried = {name: judge.artefact(build(graph, choices[name], ())) for name in choices}
    name = min(tried, key=lambda one: tried[one].flips)
    best, statistics = tried[name], choices[name]
    say(f"{best.built.file}: calibrated by {name}")
    if best.gate:
        return _with_cpus(best, sample), None
    ranked = effects(graph, statistics, TARGETS[target].dialect, sample.crops[:SENSITIVITY_IMAGES])
    if not mixed:
        return _with_cpus(best, sample), Ranking(best.built.file, ranked)
    ranking = leave_float(judge, lambda layers: build(graph, statistics, layers), ranked, best, whole)
    chosen = next(one.judged for one in ranking.steps if one.layers == (ranking.chosen or 0))
    return _with_cpus(chosen, sample), ranking


def _statistics(source: Source, target: str, sample: Sample, method: str) -> dict[str, Statistics]:
    """What an INT8 artefact may be made from, by the name of each way."""
    ranges = source.trained.get(TARGETS[target].dialect.name)
    if method == TRAINING and not ranges:
        raise InputError(f"{source.name} was not trained to be the INT8 of {target}: use another --method")
    found = {TRAINING: Statistics(ranges, {})} if ranges and method in ("auto", TRAINING) else {}
    if method != TRAINING:
        seen = record(source.graph, sample)
        found |= {name: seen.of(name) for name in (METHODS if method == "auto" else [method])}
    return found


def _with_cpus(judged: Judged, sample: Sample) -> Judged:
    """An INT8 artefact with what is proven of the CPUs on which it gives the same scores."""
    if not judged.built.qdq:
        return judged
    needs = cpu_needs(saturates(judged.built.qdq, sample.crops[:SENSITIVITY_IMAGES]))
    say(f"{judged.built.file}: {needs[0]}")
    return judged._replace(built=replace(judged.built, needs=needs))
