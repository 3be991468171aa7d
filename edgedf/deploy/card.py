"""The model card of a bundle, written from its manifest alone."""

from edgedf.bundle import Artefact, Manifest
from edgedf.metrics import Evaluation


def model_card(manifest: Manifest) -> str:
    """The text of `MODEL_CARD.md`."""
    sections = [
        f"# {manifest.name}\n\nTells real face pictures (0) from forged ones (1).",
        _input(manifest),
        *(_artefact(artefact) for artefact in manifest.artefacts),
        *_licence(manifest),
        _limits(),
    ]
    return "\n\n".join(sections) + "\n"


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
    rows = {"AUC": found.auc, "F1": found.f1, "precision": found.precision, "recall": found.recall}
    rows |= {"false positive rate": found.false_positive_rate, "calibration error": found.ece}
    table = "\n".join(f"| {name} | {interval} |" for name, interval in rows.items())
    matrix = found.matrix
    return (
        f"Measured on {found.images} crops of split {artefact.metrics['split']!r} ({found.fakes} fake, "
        f"{found.groups} groups), threshold {found.rule}; precision, F1 and calibration error at a "
        f"prevalence of {found.prevalence:.3g}.\n\n"
        f"| figure | value [95 % interval] |\n| --- | --- |\n{table}\n\n"
        f"Counts: TN {matrix.tn:g}, FP {matrix.fp:g}, FN {matrix.fn:g}, TP {matrix.tp:g}."
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
