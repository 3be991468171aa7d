"""Generality: `python benchmarks/generality.py MODEL... DATA`: what a model is worth beyond the fakes of its own data.

AUC on real faces of a held-out split against a forgery of each (`edgedf.data.forge`), one kind at a time, and on faces
of both classes with a camera's faults (`edgedf.data.degrade`). A split that models are chosen by may choose by these
too, where a test on other data may not. A model that learned from the same kinds has an advantage here that it has not
on the fakes of others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress, say, table
from edgedf.data.degrade import degrade
from edgedf.data.forge.forger import Forger
from edgedf.data.forge.variants import VARIANTS
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces, pack_split
from edgedf.data.sampling import some_by_turns
from edgedf.deploy.candidate import open_candidate
from edgedf.deploy.robustness import spread
from edgedf.errors import InputError
from edgedf.guard import run_alone
from edgedf.metrics import Interval, auc_interval

DEGRADED = "degraded"
VIEW = 0  # of the forger: the same forgeries each time


def main(models: list[Path], *, data: Path, split: str = "val", most: int = 600) -> dict[str, Any]:
    """Judges each model on the same faces and prints its AUCs.

    Args:
        models: Runs, files of weights, bundles or ONNX graphs.
        data: Dataset folder.
        split: Of that dataset.
        most: Real faces to forge, of all groups alike; twice as many faces are degraded.

    Returns:
        Number of faces, and by model's artefact and kind the AUC with its interval.
    """
    faces = pack_split(data, split)
    trials = {**forgeries(faces, most), DEGRADED: _degraded(faces, spread(faces, 2 * most))}
    found = {}
    for model in models:
        for scorer in open_candidate(model).scorers:
            found[f"{model} {scorer.file or scorer.precision}"] = {
                kind: auc_interval(trial.labels, scorer.score(trial), trial.groups) for kind, trial in trials.items()
            }
    _print(trials, found)
    return {
        "faces": {kind: len(trial) for kind, trial in trials.items()},
        "auc": {name: {kind: asdict(one) for kind, one in row.items()} for name, row in found.items()},
    }


def forgeries(faces: PackedFaces, most: int) -> dict[str, PackedFaces]:
    """By kind of forgery: real faces as the forger shows them, and a forgery of each.

    Args:
        faces: Of which the real ones with landmarks are taken.
        most: Real faces, by chance one of each group before the second of any.
    """
    forger = Forger(faces, face_points(faces, progress=progress))
    known = np.flatnonzero(forger.known)
    if not len(known):
        raise InputError("no real face of this split has landmarks: nothing can be forged")
    reals = np.sort(some_by_turns(known, faces.groups, most, np.random.default_rng(0)))
    return {kind: _forged(faces, forger, reals, kind) for kind in VARIANTS}


def _forged(faces: PackedFaces, forger: Forger, reals: NDArray[np.int64], kind: str) -> PackedFaces:
    pairs = [forger.forged(real, VIEW, kind) for real in progress(reals.tolist(), f"forging {kind}")]
    pixels = np.stack([one.real for one in pairs] + [one.fake for one in pairs])
    labels = np.repeat(np.array([0, 1], np.uint8), len(reals))
    return _shown(faces, np.tile(reals, 2), pixels, labels)


def _degraded(faces: PackedFaces, chosen: NDArray[np.int64]) -> PackedFaces:
    pixels = np.empty((len(chosen), *faces.pixels.shape[1:]), np.uint8)
    for row, face in enumerate(progress(chosen.tolist(), "degrading")):
        pixels[row] = degrade(faces.pixels[face], np.random.default_rng(int(faces.digests[face], 16)))
    return _shown(faces, chosen, pixels, faces.labels[chosen])


def _shown(
    faces: PackedFaces, chosen: NDArray[np.int64], pixels: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> PackedFaces:
    """Some faces with other pixels and labels: only these, groups and paths are theirs, which is all that is read."""
    groups, paths = ([names[i] for i in chosen.tolist()] for names in (faces.groups, faces.paths))
    return replace(faces, pixels=pixels, labels=labels, groups=groups, paths=paths)


def _print(trials: Mapping[str, PackedFaces], found: Mapping[str, Mapping[str, Interval]]) -> None:
    counts = [
        f"{kind}: {int((one.labels == 0).sum())} real, {int(one.labels.sum())} fake" for kind, one in trials.items()
    ]
    say("; ".join(counts) + "; AUC, 95 % intervals over groups\n")
    rows: Sequence[list[object]] = [[name, *row.values()] for name, row in found.items()]
    say(table(["model", *trials], rows))


if __name__ == "__main__":
    run_alone(main)
