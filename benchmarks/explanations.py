"""Explanations: how far the maps of a model can be believed, on forged faces whose forged region is known.

reals -> forgeries with exact masks; fakes and their originals -> masks by difference -> every method, measured
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.bundle import MANIFEST, open_bundle
from edgedf.console import progress, say, table
from edgedf.data.forge.forger import Forger
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, pack_split
from edgedf.data.pair_masks import Rejected, pair_mask
from edgedf.data.sampling import some_by_turns
from edgedf.errors import DatasetError
from edgedf.explain.explanation import Subject
from edgedf.explain.measures import (
    BETTER,
    CENTRE,
    JPEG,
    RANDOM,
    SANITY,
    SHIFT,
    Case,
    Comparison,
    Measured,
    Values,
    compare,
    measure,
    sanity,
)
from edgedf.explain.overlay import overlay, uri
from edgedf.faces.crop import CropRule
from edgedf.files import check_folder, write_text
from edgedf.metrics import Interval, mean_interval
from edgedf.report.findings import Exhibit, Finding, Shot, State, findings_page
from edgedf.runtime.backends import run_in_batches
from edgedf.runtime.engine import Result, load_checked, scores

FORGED = 0.5  # of the most that is replaced of any pixel: a faint blend replaces less than half of each
SHUFFLED = 16  # faces of the check by random weights
SHOWN = 3  # faces on the page
COLUMNS = (*BETTER, SHIFT, JPEG, SANITY)
ABOUT = (
    "Means with 95 % intervals over groups. Evidence for fake, whatever the model calls the face. Best IoU: at the one "
    "threshold that is best for all faces; deletion is better where it is lower, the others up to insertion where they "
    "are higher. After a shift of a pixel, after JPEG of quality 90: correlation of the map with that of the unchanged "
    "face. Random weights: with that of the same network with shuffled weights (the first "
    f"{SHUFFLED} faces), which should be near 0."
)


def main(
    models: Sequence[Path], *, data: Path, out: Path, split: str = "val", count: int = 100, seed: int = 0
) -> dict[str, Any]:
    """Measures the explanations of models and prints a table for each.

    Args:
        models: Bundles, of which every artefact for ONNX Runtime is measured, or runs, whose gradients are, too.
        data: Dataset folder.
        out: Folder to write.
        split: Of that dataset.
        count: Faces of each kind: forged here from reals, and fakes whose original is there.
        seed: Chooses them.

    Returns:
        Every mean with its interval, and what is better and worse than the centre prior.

    Raises:
        DatasetError: There is no face to forge and no pair.
    """
    check_folder(out)
    faces = pack_split(data, split)
    rng = np.random.default_rng(seed)
    kinds = {"forged here": _forgeries(faces, count, rng), "pairs": _pairs(faces, count, rng)}
    kinds = {kind: cases for kind, cases in kinds.items() if cases}
    if not kinds:
        raise DatasetError(f"{data} has no real face with landmarks and no fake whose original is there, in {split}")
    findings, results, shots = [], [], list[str]()
    for model in models:
        for load in _subjects(model):
            with load() as (subject, shuffled):
                for kind, cases in kinds.items():
                    finding, result = _examine(subject, shuffled, kind, cases, shots)
                    findings.append(finding)
                    results.append(result)
    worse = sum(one.state is State.LOOK for one in findings)
    verdict = f"{worse} of {len(findings)} tables hold an explanation that is worse than the centre prior"
    page = findings_page(f"Explanations on {data.resolve().name}, {split}", verdict, findings, shots.__getitem__)
    report = {
        "data": {"name": data.resolve().name, "split": split, "fingerprint": faces.fingerprint},
        "tables": results,
    }
    write_text(out / "explanations.html", page)
    write_text(out / "explanations.json", json.dumps(report, indent=2) + "\n")
    say(f"{verdict}; wrote {out / 'explanations.html'}")
    return report


def _forgeries(faces: PackedFaces, count: int, rng: np.random.Generator) -> list[Case]:
    """Forgeries of real faces of different groups, with exact masks."""
    forger = Forger(faces, face_points(faces, progress=progress))
    found = []
    for face in some_by_turns(np.flatnonzero(forger.known), faces.groups, count, rng):
        forgery = forger.forged(face, 0)
        region = forgery.mask >= max(FORGED * int(forgery.mask.max()), 1)
        found.append(Case(forgery.fake, region, faces.groups[face]))
    return found


def _pairs(faces: PackedFaces, count: int, rng: np.random.Generator) -> list[Case]:
    """Fakes of the dataset whose difference from their original shows what was forged."""
    found: list[Case] = []
    fakes = np.flatnonzero(faces.originals != np.arange(len(faces)))
    for face in some_by_turns(fakes, faces.groups, len(fakes), rng):
        mask = pair_mask(faces.pixels[face], faces.pixels[int(faces.originals[face])])
        if not isinstance(mask, Rejected):
            found.append(Case(np.array(faces.pixels[face]), mask > 0, faces.groups[face]))
        if len(found) == count:
            break
    return found


Opened = Iterator[tuple[Subject, Subject | None]]


def _subjects(model: Path) -> list[Callable[[], Any]]:
    """What opens each subject of a model, with its twin of shuffled weights where it is a run."""
    if not (model / MANIFEST).is_file():
        return [partial(_open_run, model)]
    artefacts = open_bundle(model).manifest.artefacts
    return [partial(_open_artefact, model, one.file) for one in artefacts if one.backend == "onnxruntime"]


@contextmanager
def _open_artefact(model: Path, file: str) -> Opened:
    bundle = open_bundle(model)
    [artefact] = [one for one in bundle.manifest.artefacts if one.file == file]
    backend, temperature = load_checked(bundle, artefact, threads=1), artefact.point.temperature

    def ask(crops: NDArray[np.uint8]) -> Result:
        logit, attention, embedding = run_in_batches(backend, crops)
        return Result(scores(logit[:, 0], temperature), logit[:, 0], attention, embedding)

    rule = CropRule.from_dict(bundle.manifest.input.crop)
    yield (
        Subject(f"{bundle.manifest.name} {artefact.precision}", ask, artefact.point.threshold, temperature, rule),
        None,
    )


@contextmanager
def _open_run(path: Path) -> Opened:
    from edgedf.explain.network import network_subject, randomised  # torch is not needed for a bundle
    from edgedf.training.devices import keep_freed_memory
    from edgedf.training.run import open_run

    keep_freed_memory()
    run = open_run(path)
    model, threshold = run.model(), run.checkpoint()["threshold"]
    subject = network_subject(f"{run.name} {run.kind}, torch", model, threshold, say)
    yield subject, network_subject("", randomised(model, 0), threshold, lambda note: None)


def _examine(
    subject: Subject, shuffled: Subject | None, kind: str, cases: Sequence[Case], shots: list[str]
) -> tuple[Finding, dict[str, Any]]:
    """One model on one kind of faces, printed; pictures of it are added to `shots`."""
    groups = [case.group for case in cases]
    found = measure(subject, cases, lambda some: progress(some, f"explaining {subject.name}, {kind}"))
    own = sanity(subject, shuffled, cases[:SHUFFLED]) if shuffled else {}
    figures = {name: _figures(one, own.get(name), groups) for name, one in found.items()}
    compared = {
        name: {blind: compare(found, name, blind, groups) for blind in (CENTRE, RANDOM)} for name in subject.methods
    }
    logits = subject.ask(np.stack([case.crop for case in cases])).logit
    called = float((scores(logits, subject.temperature) >= subject.threshold).mean())
    summary = "; ".join(_told(name, one) for name, one in compared.items())
    facts = f"{len(cases)} faces of {len(set(groups))} groups, {called:.0%} of them called fake"
    rows = [[name, *(_cell(one.get(column)) for column in COLUMNS)] for name, one in figures.items()]
    title = f"{subject.name}, {kind}"
    say(f"\n{title}: {facts}\n{table(['map', *COLUMNS], [[c.split(' [')[0] for c in row] for row in rows])}")
    for name, one in compared.items():
        say(_told(name, one))
    state = State.LOOK if any(one[CENTRE].worse for one in compared.values()) else State.FINE
    exhibits = [_exhibit(subject, case, shots) for case in cases[:SHOWN]]
    finding = Finding(title, state, summary, f"{facts}. {ABOUT}", ("map", *COLUMNS), rows, exhibits=exhibits)
    return finding, {
        "model": subject.name,
        "faces": kind,
        "count": len(cases),
        "called_fake": called,
        "figures": {name: {column: vars(one) for column, one in row.items()} for name, row in figures.items()},
        "best_threshold": {name: one.threshold for name, one in found.items()},
        "against": {name: {blind: two._asdict() for blind, two in one.items()} for name, one in compared.items()},
    }


def _figures(found: Measured, shuffled: Values | None, groups: Sequence[str]) -> dict[str, Interval]:
    figures = {name: mean_interval(values, groups, lowest=-1.0) for name, values in found.values.items()}
    if shuffled is None:
        return figures
    return figures | {SANITY: mean_interval(shuffled, groups[: len(shuffled)], lowest=-1.0)}


def _told(name: str, found: Mapping[str, Comparison]) -> str:
    """How a method stands against what knows nothing of the model, in words; the worst comes first."""
    worse = [f"WORSE than {blind} in {', '.join(one.worse)}" for blind, one in found.items() if one.worse]
    better = [f"better than {blind} in {', '.join(one.better)}" for blind, one in found.items() if one.better]
    return f"{name}: {', '.join(worse + better) or 'no different from either'}"


def _cell(figure: Interval | None) -> str:
    return "" if figure is None else f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _exhibit(subject: Subject, case: Case, shots: list[str]) -> Exhibit:
    """The face, what was forged, and every map."""
    pictures: Mapping[str, Image.Image] = {
        "face": Image.fromarray(case.crop),
        "forged": overlay(case.crop, case.region.astype(np.float32)),
        **{name: overlay(case.crop, method(case.crop, 1.0)) for name, method in subject.methods.items()},
    }
    first = len(shots)
    shots += [uri(picture) for picture in pictures.values()]
    return Exhibit(subject.name, [Shot(first + i, name) for i, name in enumerate(pictures)])
