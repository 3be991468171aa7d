"""Evaluate: what a run or a bundle is worth on one split of a dataset, overall, by forgery method, and by parts.

faces -> scores -> one confusion matrix -> F1, precision, recall; AUC and calibration error beside them
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import MANIFEST, Artefact, open_bundle
from edgedf.console import progress, say, table
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.card import keep_measured
from edgedf.deploy.evaluation import Decision, decide, engine_scores, evaluate_faces, evaluate_methods, evaluate_parts
from edgedf.deploy.slices import find_slices
from edgedf.errors import InputError
from edgedf.metrics import FIGURES, Evaluation, check_prevalence, check_rule, sigmoid
from edgedf.runtime import Engine


def main(
    model: Path,
    data: Path,
    *,
    split: str = "val",
    rule: str | None = None,
    prevalence: float | None = None,
    slices: bool = False,
    card: bool = False,
) -> dict[str, Any]:
    """Evaluates a model and prints the result.

    Args:
        model: A run or a bundle.
        data: Dataset folder.
        split: Of that dataset.
        rule: Chooses the threshold on this split, cross-fitted; by default the model's own is used.
        prevalence: Share of fakes that precision and F1 are stated at; when None, the one that the model's threshold
            was chosen for, or else the split's own.
        slices: Evaluate small, blurred and dark faces by themselves too, see `edgedf.deploy.slices`.
        card: Keep the figures in the bundle's model card.

    Returns:
        What was evaluated, the evaluation, and one evaluation a forgery method and a slice.

    Raises:
        InputError: A run has no card.
    """
    if rule:
        check_rule(rule)  # before the scoring, which takes long
    if prevalence is not None:
        check_prevalence(prevalence)
    if card and not _is_bundle(model):
        raise InputError(f"{model} is no bundle and has no card: export it first, or leave --card away")
    dataset = open_dataset(data, log=say).split(split)
    faces = pack(dataset, progress=progress, log=say)
    scores, decision, artefact = _scores(model, faces)
    verdicts = decide(faces, scores, decision, rule)
    evaluation = evaluate_faces(faces, scores, verdicts, prevalence or decision.prevalence)
    methods = evaluate_methods(faces, scores, verdicts, evaluation.prevalence)
    found = find_slices(faces, dataset) if slices else {}
    parts = evaluate_parts(faces, scores, verdicts, evaluation.prevalence, found)
    say(f"{model.name} on {data.resolve().name}, split {split}")
    _print(evaluation, methods)
    if parts:
        rows = [
            [name, one.images, one.fakes, one.auc, one.recall, one.false_positive_rate] for name, one in parts.items()
        ]
        say("\n" + table(["part", "faces", "fakes", "auc", "recall", "false positive rate"], rows))
    if card and artefact:
        name = f"{data.resolve().name}, split {split}"
        keep_measured(open_bundle(model), name, artefact, {"all": evaluation, **methods, **parts})
        say(f"the card of {model} has these figures now")
    return {
        "model": model.name,
        "data": {"name": data.resolve().name, "split": split, "fingerprint": faces.fingerprint},
        "evaluation": evaluation.to_dict(),
        "methods": {method: one.to_dict() for method, one in methods.items()},
        "slices": {name: one.to_dict() for name, one in parts.items()},
    }


def _is_bundle(model: Path) -> bool:
    return (model / MANIFEST).is_file()


def _scores(model: Path, faces: PackedFaces) -> tuple[NDArray[np.float32], Decision, Artefact | None]:
    """Scores (N,), how they become verdicts, and the artefact that gave them, None of a run."""
    if _is_bundle(model):
        with Engine.load(model, threads=1) as engine:
            return engine_scores(engine, faces), Decision.of_engine(engine), engine.artefact
    from edgedf.training.predict import logits  # torch is not needed for a bundle
    from edgedf.training.run import open_run

    run = open_run(model)
    scores = sigmoid(logits(run.model(), faces.pixels)).astype(np.float32)
    return scores, Decision.of_checkpoint(run.checkpoint()), None


def _print(found: Evaluation, methods: dict[str, Evaluation]) -> None:
    say(f"{found.images} images, {found.fakes} fake, {found.groups} groups")
    say(f"threshold {found.threshold:.4f} ({found.rule})\n")
    matrix = found.matrix
    counts = {"real": (matrix.tn, matrix.fp), "fake": (matrix.fn, matrix.tp)}
    rows: list[list[object]] = [[label, *map(round, cells)] for label, cells in counts.items()]
    say(table(["", "called real", "called fake"], rows) + "\n")
    rows = [[name.replace("_", " "), getattr(found, name)] for name in FIGURES]
    say(table([f"at {100 * found.prevalence:.1f} % fakes", "value [95 % interval]"], rows))
    if methods:
        rows = [[method, one.fakes, one.auc, one.recall] for method, one in methods.items()]
        say("\n" + table(["method, against all real faces", "fakes", "auc", "recall"], rows))
