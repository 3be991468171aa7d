"""What a model is worth on faces: scores of a bundle, and any scores against the labels."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Manifest
from edgedf.console import progress
from edgedf.data.packed import PackedFaces
from edgedf.metrics import (
    Evaluation,
    choose_threshold,
    cross_fitted_verdicts,
    evaluate,
    evaluate_verdicts,
    prevalence_weights,
)
from edgedf.metrics.arrays import finite, need_both_classes
from edgedf.runtime.backends import BATCH, Backend
from edgedf.runtime.engine import Engine, cpus


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
        return cls.of_artefact(engine.manifest, engine.artefact)

    @classmethod
    def of_artefact(cls, manifest: Manifest, artefact: Artefact) -> "Decision":
        """The same, of an artefact that is not loaded."""
        origin, point, site = manifest.provenance, artefact.point, artefact.site
        prevalence = point.metrics.get("evaluation", {}).get("prevalence", origin.get("fitted_prevalence"))
        return cls(point.threshold, point.rule, site.fitted_on if site else origin.get("fitted_on"), prevalence)

    @classmethod
    def of_checkpoint(cls, kept: Mapping[str, Any]) -> "Decision":
        """The one that training chose, from the content of a run's checkpoint."""
        prevalence = kept.get("metrics", {}).get("prevalence")
        return cls(kept["threshold"], kept["rule"], kept.get("fitted_on"), prevalence)

    def fits(self, faces: PackedFaces) -> bool:
        """Whether the threshold was chosen on these very faces, and so flatters them."""
        return faces.fingerprint in (self.fitted_on or ())


def engine_scores(engine: Engine, faces: PackedFaces) -> NDArray[np.float32]:
    """Scores (N,) of all faces; several threads call the engine at once."""
    starts = range(0, len(faces), BATCH)
    with ThreadPoolExecutor(cpus()) as pool:
        parts = pool.map(lambda start: engine.predict(faces.pixels[start : start + BATCH]), starts)
        return np.concatenate(list(progress(parts, "scoring", len(starts))))


def logits(backend: Backend, faces: PackedFaces, name: str) -> NDArray[np.float32]:
    """Logits (N,) that an artefact of some name gives for all faces."""
    starts = range(0, len(faces), BATCH)
    parts = [
        backend.run(faces.pixels[start : start + BATCH]).logit[:, 0] for start in progress(starts, f"scoring {name}")
    ]
    return np.concatenate(parts)


class Verdicts(NamedTuple):
    """What a model calls faces.

    Attributes:
        fake: bool (N,).
        threshold: The one to deploy.
        rule: "given", or the rule and how it was used: "f1, cross-fitted".
    """

    fake: NDArray[np.bool_]
    threshold: float
    rule: str


def decide(faces: PackedFaces, scores: NDArray[np.float32], decision: Decision, rule: str | None = None) -> Verdicts:
    """Verdicts from scores, by default at the model's own threshold.

    Where that was chosen on these very faces, its rule is applied again, cross-fitted over groups: a
    threshold flatters the images it was chosen on. A rule chooses for the share of fakes of the model's own
    threshold, whatever share the figures are stated at.

    Args:
        faces: What was judged.
        scores: P(fake), (N,).
        decision: The model's own.
        rule: Chooses another threshold on these faces, cross-fitted.
    """
    labels, prevalence = faces.labels, decision.prevalence
    need_both_classes(labels)
    if rule is None and decision.fits(faces):
        rule = decision.rule
    if rule is None:
        return Verdicts(finite(scores) >= decision.threshold, decision.threshold, "given")
    threshold = choose_threshold(labels, scores, rule, prevalence_weights(labels, prevalence))
    fake = cross_fitted_verdicts(labels, scores, faces.groups, rule, prevalence)
    return Verdicts(fake, threshold, f"{rule}, cross-fitted")


def evaluate_faces(
    faces: PackedFaces, scores: NDArray[np.float32], verdicts: Verdicts, prevalence: float | None
) -> Evaluation:
    """Evaluates verdicts that were made from scores (N,).

    Args:
        faces: What was judged.
        scores: P(fake), (N,).
        verdicts: See `decide`.
        prevalence: Share of fakes that precision and F1 are stated at; the data's own when None.
    """
    return evaluate_verdicts(faces.labels, finite(scores), faces.groups, *verdicts, prevalence)


def evaluate_methods(
    faces: PackedFaces, scores: NDArray[np.float32], verdicts: Verdicts, prevalence: float | None
) -> dict[str, Evaluation]:
    """The fakes of each forgery method against all real faces, from the same verdicts; nothing without methods.

    See `evaluate_faces`.
    """
    methods = np.array(faces.methods)
    names = sorted(set(methods[faces.labels == 1]) - {""})
    parts = {str(name): (faces.labels == 0) | (methods == name) for name in names}
    return evaluate_parts(faces, scores, verdicts, prevalence, parts)


def evaluate_parts(
    faces: PackedFaces,
    scores: NDArray[np.float32],
    verdicts: Verdicts,
    prevalence: float | None,
    parts: Mapping[str, NDArray[np.bool_]],
) -> dict[str, Evaluation]:
    """Each part `(N,)` of the faces that has both classes in it, from the same verdicts.

    See `evaluate_faces`.
    """
    found = {}
    for name, some in parts.items():
        if len({*faces.labels[some].tolist()}) == 2:
            groups = [group for group, taken in zip(faces.groups, some, strict=True) if taken]
            cut = verdicts._replace(fake=verdicts.fake[some])
            found[name] = evaluate_verdicts(faces.labels[some], finite(scores[some]), groups, *cut, prevalence)
    return found


def evaluate_videos(
    faces: PackedFaces,
    videos: Sequence[str],
    scores: NDArray[np.float32],
    decision: Decision,
    prevalence: float | None,
) -> Evaluation:
    """Videos instead of faces, each by the mean score of its faces against the same threshold.

    Args:
        faces: What was judged.
        videos: Name of the video of each face; reals and each method's fakes of one name are videos of their own.
        scores: P(fake), (N,).
        decision: The threshold; chosen anew by its rule, cross-fitted, where it was chosen on these faces.
        prevalence: Share of fakes that precision and F1 are stated at; the videos' own when None.
    """
    keys = list(zip(videos, faces.methods, faces.labels.tolist(), strict=True))
    first: dict[tuple[str, str, int], int] = {}
    video_of = np.array([first.setdefault(key, len(first)) for key in keys])
    firsts = np.unique(video_of, return_index=True)[1]
    means = np.bincount(video_of, finite(scores)) / np.bincount(video_of)
    how: dict[str, Any] = {"rule": decision.rule} if decision.fits(faces) else {"threshold": decision.threshold}
    groups = [faces.groups[index] for index in firsts]
    return evaluate(faces.labels[firsts], means, groups, prevalence=prevalence, **how)
