"""The model card of a bundle, written from its manifest alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edgedf.bundle import CARD, Artefact, Bundle, Manifest, open_bundle, write_bundle
from edgedf.files import sha256
from edgedf.locks import alone
from edgedf.markdown import table
from edgedf.metrics import FIGURES, Evaluation

MEASURED = "measured"  # key of the provenance: figures by data set, each artefact's file and its evaluations by part


def model_card(manifest: Manifest) -> str:
    """The text of `MODEL_CARD.md`."""
    sections = [
        f"# {manifest.name}\n\nTells real face pictures (0) from forged ones (1).",
        *_about(manifest),
        _input(manifest),
        *(_artefact(artefact) for artefact in manifest.artefacts),
        *(_elsewhere(data, found) for data, found in manifest.provenance.get(MEASURED, {}).items()),
        *_licence(manifest),
        _limits(),
    ]
    return "\n\n".join(sections) + "\n"


def keep_measured(bundle: Bundle, data: str, artefact: Artefact, parts: Mapping[str, Evaluation]) -> Bundle:
    """Keeps what an artefact is worth on further faces in manifest and card, and all else of the bundle as it is.

    Args:
        bundle: The bundle.
        data: Name of the dataset and its split; what was kept of it before is replaced.
        artefact: What was evaluated.
        parts: Evaluations by part of the faces, of all of them first.
    """
    found = {"artefact": artefact.file, "parts": {name: one.to_dict() for name, one in parts.items()}}
    with alone(bundle.path.absolute().parent):
        bundle = open_bundle(bundle.path)  # another process may have added to it since
        measured: dict[str, Any] = bundle.manifest.provenance.get(MEASURED, {}) | {data: found}
        manifest = replace(bundle.manifest, provenance=bundle.manifest.provenance | {MEASURED: measured})
        card = model_card(manifest).encode()
        manifest = replace(manifest, files=manifest.files | {CARD: sha256(card)})
        return write_bundle(bundle.path, manifest, bundle.contents() | {CARD: card})


def _input(manifest: Manifest) -> str:
    one, crop = manifest.input, manifest.input.crop
    return (
        f"## Input\n\nFace crops, {one.dtype} (N, {one.size}, {one.size}, 3) {one.colour}; the model "
        f"normalises them. A crop is a square of {crop['margin']:g} times the longer side of the "
        f"{crop['detector']} box, its centre {crop['shift']:g} sides below the box's, resized with "
        f"{crop['interpolation']} interpolation."
    )


def _artefact(artefact: Artefact) -> str:
    lines = [
        f"## {artefact.file}",
        f"{artefact.precision} for {artefact.backend}. Score = sigmoid(logit / {artefact.temperature:.4g}); "
        f"a score of {artefact.threshold:.4g} or more is called fake (rule: {artefact.rule}).",
        _measured(artefact),
    ]
    return "\n\n".join(lines)


def _measured(artefact: Artefact) -> str:
    if not artefact.metrics:
        return "Not measured in this form: the threshold is that of the run or bundle which it was exported from."
    found = Evaluation.from_dict(artefact.metrics["evaluation"])
    table = "\n".join(f"| {title} | {getattr(found, name)} |" for name, title in FIGURES.items())
    matrix = found.matrix
    return (
        f"Measured on {found.images} crops of split {artefact.metrics['split']!r} ({found.fakes} fake, "
        f"{found.groups} groups), threshold {found.rule}; precision, F1 and calibration error at a "
        f"prevalence of {found.prevalence:.3g}.\n\n"
        f"| figure | value [95 % interval] |\n| --- | --- |\n{table}\n\n"
        f"Counts: TN {matrix.tn:g}, FP {matrix.fp:g}, FN {matrix.fn:g}, TP {matrix.tp:g}."
    )


def _about(manifest: Manifest) -> list[str]:
    """What its maker says of it."""
    about = manifest.provenance.get("about")
    return ["\n".join(about)] if about else []


def _elsewhere(data: str, found: Mapping[str, Any]) -> str:
    parts = {name: Evaluation.from_dict(one) for name, one in found["parts"].items()}
    first = next(iter(parts.values()))
    rows = [
        [str(cell) for cell in (name, one.images, one.fakes, one.auc, one.f1, one.recall, one.false_positive_rate)]
        for name, one in parts.items()
    ]
    header = ("faces", "number", "fake", "AUC", "F1", "recall", "false positive rate")
    return (
        f"## {found['artefact']} on {data}\n\nAt a threshold of {first.threshold:.4g} ({first.rule}); F1 at a "
        f"prevalence of {first.prevalence:.3g}. Each forgery method stands against all real faces; skin tones are "
        f"guessed from the pixels and follow the light too.\n\n{table(header, rows)}"
    )


def _licence(manifest: Manifest) -> list[str]:
    stated = manifest.provenance.get("license")
    return [f"## Licence\n\nThe weights are under {stated}."] if stated else []


def _limits() -> str:
    return (
        "## Limits\n\n"
        "* The terms of the training data apply: a model trained on research data is a research artefact.\n"
        "* Forgeries by other methods, and pictures from other sources, than in training are judged worse.\n"
        "* A score is no proof. Let a person look before anyone is harmed by a verdict."
    )
