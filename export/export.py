"""Export: a trained run becomes a bundle that a camera app can load.

    run -> fused graph -> parity with torch -> temperature and threshold -> golden vectors -> bundle

What is fitted and measured comes from the exported file in its own runtime, not from torch.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, check_place, pack_golden, write_bundle
from edgedf.console import progress, say
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.card import model_card
from edgedf.deploy.evaluation import Decision
from edgedf.deploy.golden import CANDIDATES, choose_golden, drawn_crops
from edgedf.deploy.graph import onnx_from_model
from edgedf.deploy.operating_point import OperatingPoint, fit_operating_point
from edgedf.deploy.parity import compare
from edgedf.deploy.provenance import provenance
from edgedf.errors import GateError, InputError
from edgedf.faces.crop import CropRule
from edgedf.files import sha256
from edgedf.metrics import check_prevalence, check_rule
from edgedf.nn.detector import Detector
from edgedf.runtime import Engine
from edgedf.runtime.backends import Backend, load_backend
from edgedf.runtime.engine import BATCH, cpus, run_in_batches, scores
from edgedf.training.run import Run, open_run

TARGETS = ("onnx",)
MODEL, CARD = "model.onnx", "MODEL_CARD.md"
# Of an FP32 score: another CPU or version moves it less, a wrong kernel or channel order more.
TOLERANCE = 1e-3


def main(
    source: Path,
    *,
    out: Path,
    targets: Sequence[str] = TARGETS,
    data: Path | None = None,
    split: str | None = None,
    rule: str | None = None,
    prevalence: float | None = None,
) -> dict[str, Any]:
    """Exports a run.

    Args:
        source: The run's folder.
        out: Folder of the bundle; an older bundle there is replaced.
        targets: What to make.
        data: Dataset to fit temperature and threshold on; without it these are 1 and what training chose.
        split: Of that dataset; `val` when None.
        rule: Chooses the threshold: `f1`, `recall=.95`, `fpr=.01`, `cost=10:1`; the training's when None.
        prevalence: Share of fakes to fit for and to state metrics at; the training's, or else the data's, when None.

    Returns:
        Where the bundle is, and what `Artefact` says about its model.

    Raises:
        InputError: An option is unknown or out of range, or has no use without `data`; `source` is not a run, or
            `out` is something else than a bundle.
        GateError: The exported graph disagrees with the network.
    """
    _check(out, targets, data, split, rule, prevalence)
    run = open_run(source)
    rule, prevalence = rule or run.config.threshold_rule, prevalence or run.config.prevalence or None
    split = split or "val"
    faces = pack(open_dataset(data, log=say).split(split), progress=progress, log=say) if data else None

    say(f"exporting {run.name} to ONNX")
    candidates = drawn_crops(CANDIDATES)
    graph, backend = _export(run.model(), candidates)
    point = _fit(backend, faces, rule, prevalence) if faces else _of_training(run)
    say(f"temperature {point.temperature:.3f}, threshold {point.threshold:.3f}, rule: {point.rule}")

    artefact = Artefact(
        file=MODEL,
        sha256=sha256(graph),
        backend="onnxruntime",
        precision="fp32",
        threshold=point.threshold,
        rule=point.rule,
        temperature=point.temperature,
        tolerance=TOLERANCE,
        metrics={"split": split, "evaluation": point.evaluation.to_dict()} if point.evaluation else {},
    )
    golden = _golden(backend, candidates, point.temperature)
    _write(out, run, artefact, _fitted(run, faces, point), {MODEL: graph, GOLDEN: golden})
    with Engine.load(out):  # hashes and golden vectors, as a user's machine will check them
        say(f"wrote {out}")
    return {"bundle": str(out), **asdict(artefact)}


def _check(
    out: Path,
    targets: Sequence[str],
    data: Path | None,
    split: str | None,
    rule: str | None,
    prevalence: float | None,
) -> None:
    """What can be refused before the work starts."""
    _check_targets(targets)
    check_place(out)
    if rule:
        check_rule(rule)
    if prevalence is not None:
        check_prevalence(prevalence)
    if data is None and (split or rule or prevalence):
        raise InputError("--split, --threshold-rule and --prevalence are for fitting on faces: give these with --data")


def _check_targets(targets: Sequence[str]) -> None:
    unknown = [target for target in targets if target not in TARGETS]
    if unknown:
        raise InputError(f"target {', '.join(unknown)} is not built yet: use {', '.join(TARGETS)}")


def _export(model: Detector, crops: NDArray[np.uint8]) -> tuple[bytes, Backend]:
    """The ONNX file and a session of it that agrees with the network on some crops."""
    graph = onnx_from_model(model)
    backend = load_backend("onnxruntime", graph, cpus())
    parity = compare(model, backend, crops[:4])
    say(f"torch against ONNX Runtime, {parity}")
    if not parity:
        raise GateError(f"the exported graph disagrees with the network, {parity}")
    return graph, backend


def _fit(backend: Backend, faces: PackedFaces, rule: str, prevalence: float | None) -> OperatingPoint:
    """Runs all faces through the exported file and fits temperature and threshold."""
    starts = range(0, len(faces), BATCH)
    parts = [backend.run(faces.pixels[start : start + BATCH]) for start in progress(starts, "scoring")]
    logit = np.concatenate([part.logit[:, 0] for part in parts])
    return fit_operating_point(faces.labels, logit, faces.groups, rule, prevalence)


def _of_training(run: Run) -> OperatingPoint:
    say("warning: no data given: temperature and threshold are not fitted to the exported file")
    kept = run.checkpoint()
    return OperatingPoint(1.0, kept["threshold"], kept["rule"], None)


def _fitted(run: Run, faces: PackedFaces | None, point: OperatingPoint) -> dict[str, Any]:
    """The faces that the threshold was chosen on, and the share of fakes that it was chosen for."""
    if faces and point.evaluation:
        return {"fitted_on": list(faces.fingerprints), "fitted_prevalence": point.evaluation.prevalence}
    decision = Decision.of_checkpoint(run.checkpoint())
    return {"fitted_on": decision.fitted_on, "fitted_prevalence": decision.prevalence}


def _golden(backend: Backend, candidates: NDArray[np.uint8], temperature: float) -> bytes:
    crops = choose_golden(backend, candidates)
    return pack_golden(crops, {MODEL: scores(run_in_batches(backend, crops).logit[:, 0], temperature)})


def _architecture(run: Run) -> dict[str, Any]:
    keys = {"teacher": ("trunk", "image_size", "frequency"), "student": ("size",), "baseline": ()}[run.kind]
    return {"kind": run.kind, **{key: getattr(run.config, key) for key in keys}}


def _write(out: Path, run: Run, artefact: Artefact, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
    """Writes manifest, model card and files as one bundle."""
    manifest = Manifest(
        name=out.name.removesuffix(".edgedf"),
        architecture=_architecture(run),
        input=InputContract(CropRule().to_dict()),
        artefacts=[artefact],
        files={GOLDEN: sha256(files[GOLDEN])},
        provenance=provenance(run.config.to_dict()) | {"trained_on": run.checkpoint().get("trained_on")} | fitted,
    )
    card = model_card(manifest).encode()
    manifest = replace(manifest, files=manifest.files | {CARD: sha256(card)})
    write_bundle(out, manifest, {**files, CARD: card})
