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
from edgedf.console import say
from edgedf.console import table as console_table
from edgedf.data.packed import PackedFaces, pack_split
from edgedf.deploy.ahead import check_ahead, check_capabilities
from edgedf.deploy.assemble import assemble
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.calibration import CALIBRATION_IMAGES, TRAINING, Sample, check_method, draw_sample
from edgedf.deploy.gate_report import gate_page, gate_rows
from edgedf.deploy.golden import CANDIDATES, drawn_crops
from edgedf.deploy.int8 import int8_artefact
from edgedf.deploy.judging import Judge, Judged
from edgedf.deploy.mixed import Ranking
from edgedf.deploy.source import open_source
from edgedf.deploy.targets import TARGETS, check_targets
from edgedf.errors import GateError, InputError
from edgedf.files import write_text
from edgedf.markdown import table
from edgedf.metrics import check_prevalence, check_rule
from edgedf.report.pareto import Panel, Point, pareto
from edgedf.runtime.verify import verify
from edgedf.training.run import latest_run

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
    stated = _stated(spdx, about)
    split = split or "val"
    origin = open_source(source, drawn_crops(CANDIDATES)[:4])
    origin = replace(origin, rule=rule or origin.rule, prevalence=prevalence or origin.prevalence)
    faces = pack_split(data, split) if data else None
    sample = draw_sample(pack_split(calibration or data, "train"), CALIBRATION_IMAGES, faces) if int8 and data else None

    judge = Judge(origin, faces, Bounds())
    judged, rankings = _artefacts(judge, targets, sample, method, mixed)
    for one in judged:
        if one.built.backend == "tensorrt":
            check_ahead(one.built.file, one.built.model, capabilities)
    passed = [one for one in judged if one.gate is None or one.gate]
    _report(judged, rankings, judge.bounds, place)
    manifest = assemble(place, origin, passed, stated | _seen(faces, judged[0], sample), split)
    verify(place)  # as a user's machine will
    say(f"wrote {place}")
    if any(one.simulated for one in passed):
        say(f"TensorRT's artefacts are pending: on the device run  {_on_device(place, int8, data)}  again")
    _require_all(passed, judged, place)
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


def _stated(spdx: str | None, about: Path | None) -> dict[str, Any]:
    """What the user says of the model, for manifest and card."""
    if spdx is not None and not SPDX.fullmatch(spdx):
        raise InputError(f"{spdx!r} is no SPDX licence expression: give one such as MIT or LicenseRef-mine")
    return ({"license": spdx} if spdx else {}) | ({"about": _lines(about)} if about else {})


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


def _artefacts(
    judge: Judge, targets: Sequence[str], sample: Sample | None, method: str, mixed: bool
) -> tuple[list[Judged], list[Ranking]]:
    """FP32 and what each target gets, and the layers of what breaks the gate."""
    judged, rankings = [judge.reference()], list[Ranking]()
    for target in dict.fromkeys(targets):
        whole = judged[0] if target == "onnx" else judge.artefact(TARGETS[target].whole(judge.source.graph))
        judged += [whole] if target != "onnx" else []
        if sample:
            best, ranking = int8_artefact(judge, target, sample, method, mixed, whole)
            judged.append(best)
            rankings += [ranking] if ranking else []
    return judged, rankings


def _seen(faces: PackedFaces | None, reference: Judged, sample: Sample | None) -> dict[str, Any]:
    """What the provenance says of the faces that thresholds were fitted on, and INT8 was calibrated on."""
    seen: dict[str, Any] = {}
    if faces and (found := reference.point.evaluation):
        seen |= {"fitted_on": list(faces.fingerprints), "fitted_prevalence": found.prevalence}
    return seen | ({"calibration": sample.to_dict()} if sample else {})


def _require_all(passed: Sequence[Judged], judged: Sequence[Judged], place: Path) -> None:
    if len(passed) < len(judged):
        worse = ", ".join(one.built.file for one in judged if one not in passed)
        raise GateError(
            f"{worse}: worse than allowed and not in {place}; {_gate_file(place)} says by how much and by which layers"
        )


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
        Point(100 * (1 - one.share) if one.latency_ms is None else one.latency_ms, one.judged.flips, str(one.layers))
        for one in ranking.steps
    ]
    simulated = ranking.steps[0].latency_ms is None
    cost = "% of multiply-accumulates in floating point" if simulated else "ms, median of one face on one thread"
    return Panel(ranking.file, cost, points)
