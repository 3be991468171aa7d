"""Export: a trained run becomes a bundle that a camera app can load.

    run -> FP32 graph, at parity with torch --+-> for each target: a float artefact, and with --int8 a Q/DQ dialect
    calibration faces -> statistics ----------+   -> its own runtime -> gate -> bundle

What is fitted and measured comes from the exported file in its own runtime, not from torch. What breaks the gate is
not written.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from edgedf import programs
from edgedf.bundle import MANIFEST, check_place
from edgedf.console import progress, say
from edgedf.console import table as console_table
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.ahead import check_ahead, check_capabilities
from edgedf.deploy.assemble import assemble
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.calibration import (
    CALIBRATION_IMAGES,
    METHODS,
    TRAINING,
    Sample,
    Statistics,
    check_method,
    draw_sample,
    record,
)
from edgedf.deploy.gate_report import gate_page, gate_rows
from edgedf.deploy.golden import CANDIDATES, drawn_crops
from edgedf.deploy.judging import Judge, Judged
from edgedf.deploy.mixed import Ranking, leave_float
from edgedf.deploy.saturation import cpu_needs, saturates
from edgedf.deploy.sensitivity import effects
from edgedf.deploy.source import Source, open_source
from edgedf.deploy.targets import TARGETS, check_targets
from edgedf.errors import GateError, InputError
from edgedf.files import write_text
from edgedf.markdown import table
from edgedf.metrics import check_prevalence, check_rule
from edgedf.report.pareto import Panel, Point, pareto
from edgedf.runtime.verify import verify
from edgedf.training.run import latest_run

SENSITIVITY_IMAGES = 64
LONGEST_TEXT = 64 << 10  # bytes
SPDX = re.compile(r"[A-Za-z0-9.+() -]+")


def main(
    source: Path | None = None,
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
    spdx: str | None = None,
    about: Path | None = None,
) -> dict[str, Any]:
    """Exports a run, or adds artefacts to a bundle.

    Args:
        source: The folder of a run or a bundle; when None, the newest student's run below `runs`, or else the bundle of
            the student that comes with edgedf.
        out: Folder of the bundle; the source when that is a bundle. Artefacts of the same network that are there stay.
        targets: Runtimes to make artefacts for.
        int8: Make INT8 artefacts too.
        calibration: Dataset whose train split INT8 is calibrated on; `data` when None.
        method: `minmax`, `percentile` or `entropy`, or `training` for what `distill --qat-from` trained; `auto` takes
            the one that flips the fewest verdicts.
        mixed: Where INT8 breaks the gate, leave the fewest layers in floating point with which it passes.
        capabilities: Of GPUs to build TensorRT's graphs for ahead of time, such as 86 and 89, as a check.
        data: Dataset to fit temperature and threshold and to judge on; without it these are the source's.
        split: Of that dataset; `val` when None.
        rule: Chooses the threshold: `f1`, `recall=.95`, `fpr=.01`, `cost=10:1`; the source's when None.
        prevalence: Share of fakes to fit for and to state metrics at; the source's, or else the data's, when None.
        spdx: Licence of the weights, an SPDX expression for manifest and card; the source's when None.
        about: Markdown for the card: what the model was trained on, what it is for, where it fails; the source's when
            None.

    Returns:
        Where the bundle is, and what `Artefact` says of each artefact in it.

    Raises:
        InputError: An option is unknown or one is missing, or `source` is no run and no bundle.
        GateError: The exported graph disagrees with the network, or an artefact is worse than allowed.
    """
    source = source or _latest_student()
    place = _place(source, out)
    _check(place, targets, capabilities)
    _check_int8(int8, calibration, method, mixed)
    _check_fitting(data, split, rule, prevalence, int8)
    if spdx is not None and not SPDX.fullmatch(spdx):
        raise InputError(f"{spdx!r} is no SPDX licence expression: give one such as MIT or LicenseRef-mine")
    stated: dict[str, Any] = ({"license": spdx} if spdx else {}) | ({"about": _lines(about)} if about else {})
    split = split or "val"
    origin = open_source(source, drawn_crops(CANDIDATES)[:4])
    origin = replace(origin, rule=rule or origin.rule, prevalence=prevalence or origin.prevalence)
    faces = _pack(data, split) if data else None
    sample = _sample(calibration or data, faces) if int8 else None

    judge = Judge(origin, faces, Bounds())
    judged = [judge.reference()]
    rankings: list[Ranking] = []
    for target in dict.fromkeys(targets):
        whole = judged[0] if target == "onnx" else judge.artefact(TARGETS[target].whole(origin.graph))
        judged += [whole] if target != "onnx" else []
        if sample:
            best, ranking = _int8(judge, target, sample, method, mixed, whole)
            judged.append(_with_cpus(best, sample))
            rankings += [ranking] if ranking else []
    for one in judged:
        if one.built.backend == "tensorrt":
            check_ahead(one.built.file, one.built.model, capabilities)
    passed = [one for one in judged if one.gate is None or one.gate]
    if faces and (found := judged[0].point.evaluation):
        stated |= {"fitted_on": list(faces.fingerprints), "fitted_prevalence": found.prevalence}
    if sample:
        stated["calibration"] = sample.to_dict()
    _report(judged, rankings, judge.bounds, place)
    manifest = assemble(place, origin, passed, stated, split)
    verify(place)  # as a user's machine will
    say(f"wrote {place}")
    if any(one.simulated for one in passed):
        say(f"TensorRT's artefacts are pending: on the device run  {_on_device(place, int8, data)}  again")
    if len(passed) < len(judged):
        worse = ", ".join(one.built.file for one in judged if one not in passed)
        raise GateError(
            f"{worse}: worse than allowed and not in {place}; {_gate_file(place)} says by how much and by which layers"
        )
    return {"bundle": str(place), "artefacts": [asdict(one) for one in manifest.artefacts]}


def _check(place: Path, targets: Sequence[str], capabilities: Sequence[int]) -> None:
    """What can be refused before the work starts."""
    check_targets(targets)
    check_place(place)
    check_capabilities(capabilities)
    if capabilities and "tensorrt" not in targets:
        raise InputError("--sm builds the graphs of TensorRT: give it with --target tensorrt")


def _check_int8(int8: bool, calibration: Path | None, method: str, mixed: bool) -> None:
    if method not in ("auto", TRAINING):
        check_method(method)
    if not int8 and (calibration or mixed or method != "auto"):
        raise InputError("--calibration, --method and --mixed are for INT8 artefacts: give these with --int8")


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


def _lines(file: Path) -> list[str]:
    """A text of the user's for the card."""
    try:
        text = file.read_bytes()[: LONGEST_TEXT + 1].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as UTF-8 text: name a Markdown file for the card") from error
    lines = text.expandtabs().strip().splitlines()
    if len(text) > LONGEST_TEXT or not all(line.isprintable() for line in lines):
        raise InputError(f"{file} is no text for a card: at most {LONGEST_TEXT // 1024} KB, and no control characters")
    return lines


def _place(source: Path, out: Path | None) -> Path:
    """Where the bundle is written."""
    if out is None and not source.is_dir():
        raise InputError(f"{source}: there is no such folder")
    if out is None and not (source / MANIFEST).is_file():
        raise InputError(f"{source} is not a bundle: name the one to write with --out NAME.edgedf")
    if out is None and source.resolve() == programs.DEFAULT_STUDENT.resolve():
        raise InputError(f"{source} comes with edgedf and stays as it is: name another bundle with --out NAME.edgedf")
    return out or source


def _latest_student() -> Path:
    """The student to export where none is named."""
    source = latest_run(Path("runs"), "student") or programs.shipped_student()
    say(f"no run or bundle is named: exporting {source}")
    return source


def _pack(data: Path, split: str) -> PackedFaces:
    return pack(open_dataset(data, log=say).split(split), progress=progress, log=say)


def _sample(data: Path | None, faces: PackedFaces | None) -> Sample:
    assert data is not None
    return draw_sample(_pack(data, "train"), CALIBRATION_IMAGES, faces)


def _int8(
    judge: Judge, target: str, sample: Sample, method: str, mixed: bool, whole: Judged
) -> tuple[Judged, Ranking | None]:
    """The target's INT8 artefact by the best method, and its layers if that breaks the gate.

    With `mixed` the fewest of them stay in floating point with which it passes; `whole` leaves them all.
    """
    graph, build = judge.source.graph, TARGETS[target].int8
    choices = _statistics(judge.source, target, sample, method)
    tried = {name: judge.artefact(build(graph, choices[name], ())) for name in choices}
    name = min(tried, key=lambda one: _flips(tried[one]))
    best, statistics = tried[name], choices[name]
    say(f"{best.built.file}: calibrated by {name}")
    if best.gate:
        return best, None
    ranked = effects(graph, statistics, TARGETS[target].dialect, sample.crops[:SENSITIVITY_IMAGES])
    if not mixed:
        return best, Ranking(best.built.file, ranked)
    ranking = leave_float(judge, lambda layers: build(graph, statistics, layers), ranked, best, whole)
    return next(one.judged for one in ranking.steps if one.layers == (ranking.chosen or 0)), ranking


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


def _flips(judged: Judged) -> float:
    return 0.0 if judged.gate is None else judged.gate.flips


def _on_device(place: Path, int8: bool, data: Path | None) -> str:
    """The command that makes and judges TensorRT's artefacts anew."""
    return f"edgedf export {place} --target tensorrt{' --int8' if int8 else ''}{f' --data {data}' if data else ''}"


def _gate_file(place: Path) -> Path:
    return place.with_name(f"{place.name.removesuffix('.edgedf')}.gate.md")


def _report(judged: Sequence[Judged], rankings: Sequence[Ranking], bounds: Bounds, place: Path) -> None:
    """Prints the gate's table, and leaves its page and picture beside the bundle, whatever they say."""
    if all(one.gate is None for one in judged):
        return
    header, rows = gate_rows(judged)
    say("\n" + console_table(header, rows) + "\n")
    page, file = gate_page(judged, rankings), _gate_file(place)
    if panels := [_panel(one) for one in rankings if one.steps]:
        drawing = file.with_name(file.name.replace(".gate.md", ".pareto.svg"))
        write_text(drawing, pareto(panels, "flipped verdicts, by layers in floating point", bounds.flips))
        page.append(f"![Flipped verdicts against cost]({drawing.name})")
    write_text(file, "\n\n".join(one if isinstance(one, str) else table(*one) for one in page) + "\n")


def _panel(ranking: Ranking) -> Panel:
    """The steps of an artefact by latency or, where its runtime is only simulated, by what is not in INT8."""
    points = [
        Point(100 * (1 - one.share) if one.latency_ms is None else one.latency_ms, _flips(one.judged), str(one.layers))
        for one in ranking.steps
    ]
    simulated = ranking.steps[0].latency_ms is None
    cost = "% of multiply-accumulates in floating point" if simulated else "ms, median of one face on one thread"
    return Panel(ranking.file, cost, points)
