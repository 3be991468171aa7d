"""Export: a trained run becomes a bundle that a camera app can load.

    run -> FP32 graph, at parity with torch --+-> for each target: a float artefact, and with --int8 a Q/DQ dialect
    calibration faces -> statistics ----------+   -> its own runtime -> gate -> bundle

What is fitted and measured comes from the exported file in its own runtime, not from torch. What breaks the gate is
not written.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from edgedf.bundle import MANIFEST, check_place
from edgedf.console import progress, say, table
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.ahead import check_ahead, check_capabilities
from edgedf.deploy.assemble import assemble
from edgedf.deploy.calibration import CALIBRATION_IMAGES, METHODS, Sample, Statistics, check_method, draw_sample, record
from edgedf.deploy.gate import Bounds
from edgedf.deploy.gate_report import gate_rows, write_gate
from edgedf.deploy.golden import CANDIDATES, drawn_crops
from edgedf.deploy.judging import Judge, Judged
from edgedf.deploy.saturation import cpu_needs, saturates
from edgedf.deploy.sensitivity import effects, fewest_float
from edgedf.deploy.source import Source, open_source
from edgedf.deploy.targets import DIALECTS, TARGETS, check_targets
from edgedf.errors import GateError, InputError
from edgedf.metrics import check_prevalence, check_rule
from edgedf.runtime import Engine

SENSITIVITY_IMAGES = 64


def main(
    source: Path,
    *,
    out: Path | None = None,
    targets: Sequence[str] = ("onnx",),
    int8: bool = False,
    calibration: Path | None = None,
    method: str = "auto",
    mixed: bool = False,
    capabilities: Sequence[int] = (),
    data: Path | None = None,
    split: str | None = None,
    rule: str | None = None,
    prevalence: float | None = None,
) -> dict[str, Any]:
    """Exports a run, or adds artefacts to a bundle.

    Args:
        source: The folder of a run or a bundle.
        out: Folder of the bundle; the source when that is a bundle. Artefacts of the same network that are there stay.
        targets: Runtimes to make artefacts for.
        int8: Make INT8 artefacts too.
        calibration: Dataset whose train split INT8 is calibrated on; `data` when None.
        method: `minmax`, `percentile` or `entropy`; `auto` takes the one that flips the fewest verdicts.
        mixed: Where INT8 breaks the gate, leave the fewest layers in floating point with which it passes.
        capabilities: Of GPUs to build TensorRT's graphs for ahead of time, such as 86 and 89, as a check.
        data: Dataset to fit temperature and threshold and to judge on; without it these are the source's.
        split: Of that dataset; `val` when None.
        rule: Chooses the threshold: `f1`, `recall=.95`, `fpr=.01`, `cost=10:1`; the source's when None.
        prevalence: Share of fakes to fit for and to state metrics at; the source's, or else the data's, when None.

    Returns:
        Where the bundle is, and what `Artefact` says of each artefact in it.

    Raises:
        InputError: An option is unknown or one is missing, or `source` is no run and no bundle.
        GateError: The exported graph disagrees with the network, or an artefact is worse than allowed.
    """
    place = _place(source, out)
    _check(place, targets, int8, method)
    check_capabilities(capabilities)
    _check_fitting(data, split, rule, prevalence, int8)
    split = split or "val"
    origin = open_source(source, drawn_crops(CANDIDATES)[:4])
    origin = replace(origin, rule=rule or origin.rule, prevalence=prevalence or origin.prevalence)
    faces = _pack(data, split) if data else None
    sample = _sample(calibration or data, faces) if int8 else None

    judge = Judge(origin, faces, Bounds())
    judged = [judge.reference()]
    for target in dict.fromkeys(targets):
        if target != "onnx":
            judged.append(judge.artefact(TARGETS[target][0](origin.graph)))
        if sample:
            judged.append(_with_cpus(_int8(judge, target, sample, method, mixed), sample))
    for one in judged:
        if one.built.backend == "tensorrt":
            check_ahead(one.built.file, one.built.model, capabilities)
    passed = [one for one in judged if one.gate is None or one.gate]
    about: dict[str, Any] = {}
    if faces and (found := judged[0].point.evaluation):
        about = {"fitted_on": list(faces.fingerprints), "fitted_prevalence": found.prevalence}
    if sample:
        about["calibration"] = sample.to_dict()
    _report(judged, place)
    manifest = assemble(place, origin, passed, about, split)
    with Engine.load(place):  # hashes and golden vectors, as a user's machine will check them
        say(f"wrote {place}")
    if any(one.simulated for one in passed):
        say(f"TensorRT's artefacts are pending: on the device run  edgedf export {place} --target tensorrt  again")
    if len(passed) < len(judged):
        worse = ", ".join(one.built.file for one in judged if one not in passed)
        raise GateError(f"{worse}: worse than allowed and not in {place}; {_gate_file(place)} says by how much")
    return {"bundle": str(place), "artefacts": [asdict(one) for one in manifest.artefacts]}


def _check(place: Path, targets: Sequence[str], int8: bool, method: str) -> None:
    """What can be refused before the work starts."""
    check_targets(targets)
    check_place(place)
    if method != "auto":
        check_method(method)


def _check_fitting(
    data: Path | None, split: str | None, rule: str | None, prevalence: float | None, int8: bool
) -> None:
    if rule:
        check_rule(rule)
    if prevalence is not None:
        check_prevalence(prevalence)
    if data is None and (split or rule or prevalence):
        raise InputError("--split, --threshold-rule and --prevalence are for fitting on faces: give these with --data")
    if data is None and int8:
        raise InputError("an INT8 artefact is judged before it may be written: give faces with --data DIR")


def _place(source: Path, out: Path | None) -> Path:
    """Where the bundle is written."""
    if out is None and not (source / MANIFEST).is_file():
        raise InputError(f"{source} is not a bundle: name the one to write with --out NAME.edgedf")
    return out or source


def _pack(data: Path, split: str) -> PackedFaces:
    return pack(open_dataset(data, log=say).split(split), progress=progress, log=say)


def _sample(data: Path | None, faces: PackedFaces | None) -> Sample:
    assert data is not None
    return draw_sample(_pack(data, "train"), CALIBRATION_IMAGES, faces)


def _int8(judge: Judge, target: str, sample: Sample, method: str, mixed: bool) -> Judged:
    """The target's INT8 artefact by the best method, with layers left in floating point where that is wanted."""
    graph, build = judge.source.graph, TARGETS[target][1]
    choices = _statistics(judge.source, target, sample, method)
    tried = {name: judge.artefact(build(graph, choices[name], ())) for name in choices}
    name = min(tried, key=lambda one: _flips(tried[one]))
    best, statistics = tried[name], choices[name]
    say(f"{best.built.file}: calibrated by {name}")
    if best.gate or not mixed:
        return best
    ranked = effects(graph, statistics, DIALECTS[target], sample.crops[:SENSITIVITY_IMAGES])
    attempts: dict[int, Judged] = {}

    def passes(layers: list[str]) -> bool:
        attempts[len(layers)] = judge.artefact(build(graph, statistics, layers))
        return bool(attempts[len(layers)].gate)

    layers = fewest_float(ranked, passes)
    if layers is None:
        return best
    say(f"{best.built.file}: {len(layers)} of {len(ranked)} layers stay in floating point: {', '.join(layers)}")
    return attempts[len(layers)]


def _statistics(source: Source, target: str, sample: Sample, method: str) -> dict[str, Statistics]:
    """What an INT8 artefact may be made from: the ranges it was trained with, or else those by each method."""
    if ranges := source.trained.get(DIALECTS[target].name):
        return {"its training": Statistics(ranges, {})}
    seen = record(source.graph, sample)
    return {name: seen.of(name) for name in (METHODS if method == "auto" else [method])}


def _with_cpus(judged: Judged, sample: Sample) -> Judged:
    """An INT8 artefact with what is proven of the CPUs on which it gives the same scores."""
    if not judged.built.qdq:
        return judged
    needs = cpu_needs(saturates(judged.built.qdq, sample.crops[:SENSITIVITY_IMAGES]))
    say(f"{judged.built.file}: {needs[0]}")
    return judged._replace(built=replace(judged.built, needs=needs))


def _flips(judged: Judged) -> float:
    return 0.0 if judged.gate is None else judged.gate.flips


def _gate_file(place: Path) -> Path:
    return place.with_name(f"{place.name.removesuffix('.edgedf')}.gate.md")


def _report(judged: Sequence[Judged], place: Path) -> None:
    """Prints the gate's table and leaves it beside the bundle, whatever it says."""
    if all(one.gate is None for one in judged):
        return
    header, rows = gate_rows(judged)
    say("\n" + table(header, rows) + "\n")
    write_gate(judged, _gate_file(place))
