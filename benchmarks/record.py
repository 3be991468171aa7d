"""Records what a model is worth, for tables and pictures to be made from.

Run by `python benchmarks/record.py MODEL --data dfdc --data gan --data clips --latency --out results/NAME.json`,
where MODEL is a run, a file of weights that `export/weights.py` kept, a bundle, or an ONNX graph with a bundle's input
and outputs.

    first data set -> one threshold, by the rule f1, for figures of its own cross-fitted; a bundle has its own
    each data set -> scores -> figures of faces, forgery methods and videos at that threshold
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from edgedf.console import progress, say
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.candidate import Candidate, Scorer, open_candidate
from edgedf.deploy.evaluation import Decision, decide, evaluate_faces, evaluate_methods, evaluate_videos
from edgedf.deploy.forms import time_forms
from edgedf.deploy.provenance import PLACES, git_revision
from edgedf.errors import InputError
from edgedf.guard import run_alone
from edgedf.metrics import check_prevalence, choose_threshold, evaluate, prevalence_weights
from edgedf.report.environment import Environment
from edgedf.report.records import (
    Entry,
    FacesInfo,
    Judgement,
    Record,
    Timing,
    Training,
    packed,
    packed_scores,
    write_record,
)

RULE, STRICT = "f1", "recall=.95"


class Faces(NamedTuple):
    """What is judged.

    Attributes:
        info: What the record says of it.
        packed: Its crops.
        videos: Name of the video of each crop; empty where no video has two.
    """

    info: FacesInfo
    packed: PackedFaces
    videos: list[str]


def main(
    model: Path,
    *,
    data: Annotated[list[Path], typer.Option(help="Dataset: its val split or, if it has none, test. Repeat for more.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    name: Annotated[str, typer.Option(help="Of the record; by default the file's.")] = "",
    ablation_of: Annotated[str, typer.Option(help="Name of the record that has the full recipe.")] = "",
    prevalence: Annotated[float, typer.Option(help="Share of fakes that precision and F1 are stated at.")] = 0.17,
    latency: Annotated[bool, typer.Option("--latency", help="Time it, in floating point and INT8.")] = False,
) -> dict[str, Any]:
    """Writes the record and returns its name, size and AUC by dataset."""
    check_prevalence(prevalence)
    candidate = open_candidate(model)
    faces = [_open(folder) for folder in data]
    if len({one.info.name for one in faces}) < len(faces):
        raise InputError("two of the datasets have one name: name each folder once")
    entries = [_entry(scorer, faces, prevalence) for scorer in candidate.scorers]
    record = Record(
        name=name or out.stem,
        architecture=candidate.architecture,
        parameters=candidate.parameters,
        training=_training(candidate),
        ablation_of=ablation_of,
        prevalence=prevalence,
        faces=[one.info for one in faces],
        entries=entries,
        timings=_timings(candidate) if latency else [],
        environment=Environment.here(),
        revision=git_revision(),
    )
    write_record(out, record)
    size = out.stat().st_size
    aucs = {one.info.title: entries[0].judgements[i].evaluation.auc for i, one in enumerate(faces)}
    say(f"wrote {out}, {size / 1e3:.0f} kB: AUC {'; '.join(f'{title} {auc}' for title, auc in aucs.items())}")
    return {"name": record.name, "bytes": size, "auc": {title: auc.value for title, auc in aucs.items()}}


def _open(folder: Path) -> Faces:
    whole = open_dataset(folder, log=say)
    split = "val" if "val" in whole.splits else "test"
    dataset = whole.split(split)
    faces = pack(dataset, progress=progress, log=say)
    groups = np.unique(np.array(faces.groups), return_inverse=True)[1]
    info = FacesInfo(folder.resolve().name, split, faces.fingerprint, packed(faces.labels), packed(groups))
    videos = dataset.columns.get("video", [])
    several = len(set(zip(videos, faces.methods, strict=False))) < len(videos)
    return Faces(info, faces, videos if several else [])


def _entry(scorer: Scorer, faces: Sequence[Faces], prevalence: float) -> Entry:
    found = []
    decision = scorer.decision
    for one in faces:
        say(f"judging {scorer.file or 'the network'} on {one.info.title}")
        scores = scorer.score(one.packed)
        decision = decision or _decision(one.packed, scores, prevalence)  # on the first, then for all
        strict = one is faces[0]
        found.append(_judgement(one, scores, decision, prevalence, strict))
    assert decision is not None
    return Entry(scorer.backend, scorer.precision, decision.threshold, found)


def _decision(faces: PackedFaces, scores: NDArray[np.float32], prevalence: float) -> Decision:
    threshold = choose_threshold(faces.labels, scores, RULE, prevalence_weights(faces.labels, prevalence))
    return Decision(threshold, RULE, list(faces.fingerprints), prevalence)


def _judgement(
    faces: Faces, scores: NDArray[np.float32], decision: Decision, prevalence: float, strict: bool
) -> Judgement:
    crops = faces.packed
    verdicts = decide(crops, scores, decision)
    methods = evaluate_methods(crops, scores, verdicts, prevalence)
    at = evaluate(crops.labels, scores, crops.groups, rule=STRICT, prevalence=prevalence) if strict else None
    return Judgement(
        evaluation=evaluate_faces(crops, scores, verdicts, prevalence),
        methods={name: one.auc for name, one in methods.items()},
        videos=evaluate_videos(crops, faces.videos, scores, decision, prevalence) if faces.videos else None,
        at_recall_95=at,
        scores=packed_scores(scores),
    )


def _training(candidate: Candidate) -> Training | None:
    config, history = candidate.config, candidate.history
    if not config:
        return None
    seconds = [float(cell) for cell in history.get("seconds", [])]
    rates = [float(cell) for cell in history.get("images_per_second", [])]
    return Training(
        settings={key: value for key, value in config.items() if key not in (*PLACES, "qat_from")},
        data=[_name(one) for one in config.get("data", [])],
        started_from=_name(config.get("qat_from") or config.get("weights", "")),
        teacher=_name(config.get("teacher", "")),
        training_s=round(sum(seconds), 1) if seconds else None,
        images_shown=round(sum(map(float.__mul__, seconds, rates))) if seconds else None,
        val_auc=_column(history, "auc"),
        val_f1=_column(history, "f1"),
    )


def _name(path: str) -> str:
    """The last part of a path, whatever system it is of."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _column(history: Mapping[str, list[str]], name: str) -> list[float]:
    return [round(float(cell), 4) for cell in history.get(name, [])]


def _timings(candidate: Candidate) -> list[Timing]:
    forms = candidate.forms()
    return [
        Timing(form.backend, form.precision, forms[form].size_mb, one.latency_ms_p50, one.latency_ms_p95, one.calls)
        for form, one in time_forms(forms).items()
    ]


if __name__ == "__main__":
    run_alone(main)
