"""What a model is worth on faces: scores of a bundle, and any scores against the labels."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.data.packed import PackedFaces
from edgedf.metrics import Evaluation, evaluate
from edgedf.runtime.engine import BATCH, Engine, cpus


class Decision(NamedTuple):
    """How a model's scores become verdicts.

    Attributes:
        threshold: A score from here on is called fake.
        rule: Chose the threshold.
        fitted_on: Fingerprints of the faces that it was chosen on, one string in older files, None where unknown.
        prevalence: Share of fakes that it was chosen for, None where that is unknown.
    """

    threshold: float
    rule: str
    fitted_on: list[str] | str | None
    prevalence: float | None = None

    @classmethod
    def of_engine(cls, engine: Engine) -> "Decision":
        """The one that a bundle's artefact carries."""
        recorded = engine.artefact.metrics.get("evaluation", {})
        fitted_on = engine.manifest.provenance.get("fitted_on")
        return cls(engine.threshold, engine.artefact.rule, fitted_on, recorded.get("prevalence"))


def engine_scores(engine: Engine, faces: PackedFaces) -> NDArray[np.float32]:
    """Scores (N,) of all faces; several threads call the engine at once."""
    starts = range(0, len(faces), BATCH)
    with ThreadPoolExecutor(cpus()) as pool:
        parts = pool.map(lambda start: engine.predict(faces.pixels[start : start + BATCH]), starts)
        return np.concatenate(list(progress(parts, "scoring", len(starts))))


def evaluate_faces(
    faces: PackedFaces,
    scores: NDArray[np.float32],
    decision: Decision,
    *,
    rule: str | None = None,
    prevalence: float | None = None,
) -> Evaluation:
    """Evaluates scores, by default at the model's own threshold.

    Where that was chosen on these very faces, its rule is applied again, cross-fitted over groups: a
    threshold flatters the images it was chosen on.

    Args:
        faces: What was judged.
        scores: P(fake), (N,).
        decision: The model's own.
        rule: Chooses another threshold on these faces, cross-fitted.
        prevalence: Share of fakes that precision and F1 are stated at; when None, the one that the model's threshold
            was chosen for, or else the data's own.
    """
    prevalence = decision.prevalence if prevalence is None else prevalence
    if rule is None and faces.fingerprint in (decision.fitted_on or ()):
        rule = decision.rule
    threshold = decision.threshold if rule is None else None
    return evaluate(faces.labels, scores, faces.groups, rule=rule, threshold=threshold, prevalence=prevalence)


def evaluate_methods(faces: PackedFaces, scores: NDArray[np.float32], threshold: float) -> dict[str, Evaluation]:
    """The fakes of each forgery method against all real faces, at one threshold; nothing without methods."""
    methods = np.array(faces.methods)
    found = {}
    for method in sorted(set(methods[faces.labels == 1]) - {""}):
        some = (faces.labels == 0) | (methods == method)
        groups = [group for group, taken in zip(faces.groups, some, strict=True) if taken]
        found[str(method)] = evaluate(faces.labels[some], scores[some], groups, threshold=threshold)
    return found
