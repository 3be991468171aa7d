"""What a benchmark's contenders are worth on the faces of one split, and on parts of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.console import progress, say
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.contenders import Contender
from edgedf.deploy.evaluation import Decision, decide, engine_scores, evaluate_faces, evaluate_parts
from edgedf.deploy.slices import Slices, find_slices
from edgedf.errors import InputError
from edgedf.metrics import Evaluation


class EvaluationSet(NamedTuple):
    """What contenders are judged on.

    Attributes:
        faces: Crops of one split.
        parts: Of them, that are judged by themselves too.
    """

    faces: PackedFaces
    parts: Slices


@dataclass(frozen=True)
class Worth:
    """What a contender is worth.

    Attributes:
        evaluation: On all faces.
        parts: On parts of them, by name.
    """

    evaluation: Evaluation
    parts: Mapping[str, Evaluation] = field(default_factory=dict)


def open_faces(folder: Path, split: str, *, parts: bool) -> EvaluationSet:
    """The faces of one split of a dataset, with parts by size, sharpness and skin tone where these are wanted.

    Raises:
        DatasetError: It breaks its contract.
    """
    dataset = open_dataset(folder, log=say).split(split)
    faces = pack(dataset, progress=progress, log=say)
    return EvaluationSet(faces, find_slices(faces, dataset) if parts else {})


def common_prevalence(contenders: Sequence[Contender], faces: PackedFaces) -> float:
    """The share of fakes that the thresholds of all bundles were chosen for; the faces' own stands for an unknown one.

    Raises:
        InputError: There are several, at which no two rows could be compared.
    """
    own = float(faces.labels.mean())
    bundles = [one for one in contenders if one.path]
    shares = [Decision.of_engine(one.engine).prevalence or own for one in bundles]
    if len({round(share, 9) for share in shares}) > 1:
        listed = " and ".join(f"{share:.3g}" for share in shares)
        names = " and ".join(one.name for one in bundles)
        raise InputError(f"{names} were fitted for prevalences of {listed}: give --prevalence")
    return shares[0]


def worth_of(one: Contender, on: EvaluationSet, prevalence: float | None) -> Worth:
    """What a contender is worth, by its own threshold, or by its rule, chosen for the same prevalence as is stated.

    Args:
        one: Not of random weights.
        on: Faces and parts.
        prevalence: Share of fakes that precision and F1 are stated at; the faces' own when None.
    """
    say(f"judging {one.name}")
    faces, decision = on.faces, Decision.of_engine(one.engine)
    if one.rule:
        decision = decision._replace(prevalence=prevalence)
    scores = engine_scores(one.engine, faces)
    verdicts = decide(faces, scores, decision, one.rule)
    evaluation = evaluate_faces(faces, scores, verdicts, prevalence)
    return Worth(evaluation, evaluate_parts(faces, scores, verdicts, prevalence, on.parts))


def basis(one: Contender, on: EvaluationSet, prevalence: float | None) -> dict[str, Any]:
    """What a judgement depends on but for the machine and its software: files, decision, faces."""
    artefact = one.engine.artefact
    return {
        "artefact": artefact.file,
        "files": one.engine.manifest.hashes(),
        "decision": [Decision.of_engine(one.engine), artefact.point.temperature, one.rule],
        "faces": [on.faces.fingerprint, sorted(on.parts), prevalence],
    }
