"""Evasion: `python benchmarks/evasion.py RUN BUNDLE DATA`: what hides a fake from a bundle, or makes a real face one.

What anybody does to a picture (JPEG, half its size, blur), and what somebody does who has the network's weights: one
step of a few levels against each face's label along the sign of the gradient (FGSM: Goodfellow, Shlens and Szegedy,
"Explaining and Harnessing Adversarial Examples", ICLR 2015), beside a step of random signs. It is found on the run's
network in floating point and judged by the bundle's artefact, by its own threshold. It is the weakest of such attacks:
several steps do more.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgedf.console import progress, say, table
from edgedf.data.degrade import DEGRADATIONS
from edgedf.data.packed import pack_split
from edgedf.data.views import jpeg, shrunk
from edgedf.deploy.evaluation import Decision
from edgedf.deploy.robustness import MOST, spread
from edgedf.guard import run_alone
from edgedf.metrics import evaluate, mean_interval
from edgedf.nn.detector import Detector
from edgedf.runtime import Engine
from edgedf.runtime.backends import BATCH
from edgedf.runtime.engine import scores as scores_of
from edgedf.training.run import open_run

Crops = NDArray[np.uint8]
AS_IT_IS = "as it is"
EVERYDAY: dict[str, Callable[[Crops], Crops]] = {
    AS_IT_IS: lambda crop: crop,
    "JPEG of quality 50": lambda crop: jpeg(crop, 50),
    "half its size": lambda crop: shrunk(crop, 0.5),
    "blur of 2 px": lambda crop: DEGRADATIONS["blur"](crop, 0.5, np.random.default_rng(0)),  # 4 px at strength 1
    "random signs, 4 levels": lambda crop: stepped(crop, 4, np.random.default_rng(0).choice((-1, 1), crop.shape)),
}
LEVELS = (1, 2, 4)  # of 255, in every pixel and colour


def main(
    run: Path,
    bundle: Path,
    data: Path,
    *,
    split: str = "val",
    backend: str = "auto",
    most: int = MOST,
    prevalence: float | None = None,
) -> dict[str, Any]:
    """Judges faces as they are and altered, and prints what that does.

    Args:
        run: That the bundle was made of, or its kept weights.
        bundle: Whose artefact judges.
        data: Dataset folder.
        split: Of that dataset.
        backend: Which artefact; see `Engine.load`.
        most: Number of faces at most, of all groups alike.
        prevalence: Share of fakes to state F1 at; by default the one that the threshold was chosen for.

    Returns:
        What was judged, how far the network's scores are from the artefact's at most, and by alteration F1, recall,
        false positive rate and flips, the share of the faces whose verdict is another, each with its interval.
    """
    faces = pack_split(data, split)
    chosen = spread(faces, most)
    labels, groups = faces.labels[chosen], [faces.groups[i] for i in chosen]
    network = open_run(run).model().requires_grad_(False)
    batches = [slice(start, start + BATCH) for start in range(0, len(chosen), BATCH)]
    with Engine.load(bundle, backend, threads=1) as engine:
        decision, artefact, threshold = Decision.of_engine(engine), engine.artefact.file, engine.threshold
        parts = [
            _scores(engine, network, faces.pixels[chosen[some]], labels[some]) for some in progress(batches, "judging")
        ]
    own, *scores = np.concatenate(parts, axis=1)
    result = {
        name: _worth(labels, score, scores[0], groups, threshold, prevalence or decision.prevalence)
        for name, score in zip(names(), scores, strict=True)
    }
    apart = float(np.abs(own - scores[0]).max())
    _print(artefact, labels, len(set(groups)), apart, result)
    return {
        "bundle": bundle.name,
        "artefact": artefact,
        "data": {"name": data.resolve().name, "split": split, "fingerprint": faces.fingerprint},
        "faces": len(chosen),
        "fakes": int(labels.sum()),
        "apart": apart,
        "altered": {name: {figure: asdict(one) for figure, one in found.items()} for name, found in result.items()},
    }


def names() -> list[str]:
    """Of the alterations, in their order."""
    return [*EVERYDAY, *(f"gradient, {level} level{'s' if level > 1 else ''}" for level in LEVELS)]


def against(network: Detector, crops: Crops, labels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Any]:
    """Logits `(N,)` of crops `(N, 256, 256, 3)`, and the signs `(N, 256, 256, 3)` of the step against each label."""
    pixels = torch.from_numpy(crops.astype(np.float32)).requires_grad_()
    logit = network(pixels).logit[:, 0]
    [gradient] = torch.autograd.grad(logit.sum(), pixels)
    away = np.where(labels == 1, -1, 1).astype(np.int16)[:, None, None, None]
    return logit.detach().numpy(), gradient.sign().numpy().astype(np.int16) * away


def stepped(crops: Crops, level: int, signs: NDArray[np.integer]) -> Crops:
    """Crops with every byte some levels up or down."""
    return np.clip(crops + level * signs, 0, 255).astype(np.uint8)


def _scores(engine: Engine, network: Detector, crops: Crops, labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """P(fake), (alterations + 1, N): by the network as they are, then by the engine under each alteration."""
    logit, signs = against(network, crops, labels)
    altered = [np.stack([change(crop) for crop in crops]) for change in EVERYDAY.values()]
    altered += [stepped(crops, level, signs) for level in LEVELS]
    own = scores_of(logit, engine.artefact.point.temperature)
    return np.stack([own, *(engine.predict(one) for one in altered)])


def _worth(
    labels: NDArray[np.uint8],
    score: NDArray[np.float32],
    before: NDArray[np.float32],
    groups: Sequence[str],
    threshold: float,
    prevalence: float | None,
) -> dict[str, Any]:
    found = evaluate(labels, score, groups, threshold=threshold, prevalence=prevalence)
    flips = mean_interval(((score >= threshold) != (before >= threshold)).astype(np.float64), groups)
    figures = {"f1": found.f1, "recall": found.recall, "false_positive_rate": found.false_positive_rate}
    return {**figures, "flips": flips}


def _print(artefact: str, labels: NDArray[np.uint8], groups: int, apart: float, result: dict[str, Any]) -> None:
    say(f"{artefact} on {len(labels)} faces, {int(labels.sum())} fake, {groups} groups; 95 % intervals over these")
    say(f"the network's scores are up to {apart:.3f} from the artefact's\n")
    header = ["faces", "F1", "recall", "false positive rate", "flipped verdicts"]
    say(table(header, [[name, *found.values()] for name, found in result.items()]))


if __name__ == "__main__":
    run_alone(main)
