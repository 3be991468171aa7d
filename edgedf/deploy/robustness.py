"""The robustness card: floating point and INT8 on the same faces, degraded with growing strength.

faces -> some of them, of all groups alike -> degraded, the same for every artefact -> figures, and their differences
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact
from edgedf.console import progress
from edgedf.data.degrade import DEGRADATIONS
from edgedf.data.packed import PackedFaces
from edgedf.data.sampling import by_turns
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.gate import figure_changes
from edgedf.metrics import Interval, figure_draws, prevalence_weights
from edgedf.metrics.arrays import finite
from edgedf.metrics.robustness import TITLES, Apart, Curve, Form, Hardiness, Robustness, Step, Worth, departure
from edgedf.runtime.backends import BATCH
from edgedf.runtime.engine import Engine, cpus

DEGRADED = ("jpeg", "h264", "resize", "blur", "noise", "low_light")
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
MOST = 1000  # faces

Condition = tuple[str, float]  # a degradation and its strength
UNTOUCHED: Condition = ("", 0.0)


def forms(engines: Sequence[Engine]) -> list[Engine]:
    """Floating point and INT8 of one backend that has both, best that of the first; or else the first alone."""
    for backend in dict.fromkeys(one.backend for one in engines):
        own = [one for one in engines if one.backend == backend]
        float_forms, int8_forms = ([one for one in own if one.artefact.int8 is int8] for int8 in (False, True))
        if float_forms and int8_forms:
            return [float_forms[0], int8_forms[0]]
    return list(engines[:1])


def robustness(models: Mapping[str, Sequence[Engine]], faces: PackedFaces, prevalence: float) -> Robustness:
    """Judges models on at most `MOST` faces under every degradation.

    Verdicts are by each artefact's own threshold, whatever faces that was chosen on: none is chosen for a degradation.

    Args:
        models: One or two artefacts of each, by name, see `forms`.
        faces: Of both classes.
        prevalence: Share of fakes to state F1 and flips at.
    """
    chosen = spread(faces, MOST)
    sample = Sample(faces.labels[chosen], [faces.groups[i] for i in chosen], prevalence)
    conditions = [UNTOUCHED, *product(DEGRADED, STRENGTHS)]
    scores = iter(_scores([one for some in models.values() for one in some], faces, chosen, conditions))
    drop = Bounds().drop
    judged = []
    for name, some in models.items():
        artefacts = [one.artefact for one in some]
        own = zip(*(next(scores) for _ in some), strict=True)
        steps = {one: _step(one[1], artefacts, each, sample) for one, each in zip(conditions, own, strict=True)}
        judged.append(_hardiness(name, artefacts, steps, drop))
    fakes, count = int(sample.labels.sum()), len(set(sample.groups))
    return Robustness(len(chosen), fakes, count, prevalence, drop, judged)


def spread(faces: PackedFaces, most: int) -> NDArray[np.int64]:
    """Indices, rising, of at most so many faces: by chance one of each group's reals and fakes, then a second, ..."""
    parts = list(zip(faces.groups, faces.labels.tolist(), strict=True))
    return np.sort(by_turns(parts, np.random.default_rng(0))[:most])


def degraded(crop: NDArray[np.uint8], digest: str, condition: Condition) -> NDArray[np.uint8]:
    """A crop `(H, W, 3)` under a condition; what is random follows from its digest, and is alike at all strengths."""
    name, strength = condition
    return DEGRADATIONS[name](crop, strength, np.random.default_rng(int(digest, 16))) if strength else crop


def _scores(
    engines: Sequence[Engine], faces: PackedFaces, chosen: NDArray[np.int64], conditions: Sequence[Condition]
) -> NDArray[np.float32]:
    """P(fake), (engines, conditions, N); each face is degraded once for all engines."""
    batches = [chosen[start : start + BATCH].tolist() for start in range(0, len(chosen), BATCH)]
    tasks = list(product(conditions, batches))

    def run(task: tuple[Condition, list[int]]) -> NDArray[np.float32]:
        condition, some = task
        crops = np.stack([degraded(faces.pixels[i], faces.digests[i], condition) for i in some])
        return np.stack([engine.predict(crops) for engine in engines])

    with ThreadPoolExecutor(cpus()) as pool:
        parts = list(progress(pool.map(run, tasks), "degrading and scoring", len(tasks)))
    return np.concatenate(parts, axis=1).reshape(len(engines), len(conditions), len(chosen))


class Sample(NamedTuple):
    """What the figures are of.

    Attributes:
        labels: uint8 (N,), 1 = fake.
        groups: Of each face.
        prevalence: Share of fakes to state figures at.
    """

    labels: NDArray[np.uint8]
    groups: Sequence[str]
    prevalence: float


def _hardiness(name: str, artefacts: Sequence[Artefact], steps: Mapping[Condition, Step], drop: float) -> Hardiness:
    untouched = steps[UNTOUCHED]
    curves = []
    for degradation in DEGRADED:
        own = [steps[degradation, strength] for strength in STRENGTHS]
        curves.append(Curve(degradation, own, departure([untouched, *own], drop)))
    forms = [Form(one.file, one.precision, one.point.threshold) for one in artefacts]
    return Hardiness(name, forms, untouched, curves)


def _step(
    strength: float, artefacts: Sequence[Artefact], scores: Sequence[NDArray[np.float32]], sample: Sample
) -> Step:
    """From the scores (N,) of each artefact at one strength."""
    labels, groups, prevalence = sample
    verdicts, draws = [], []
    for artefact, score in zip(artefacts, map(finite, scores), strict=True):
        verdicts.append(score >= artefact.point.threshold)
        draws.append(figure_draws(labels, score, groups, verdicts[-1], prevalence))
    worth = [Worth(*(Interval.from_draws(one[name]) for name in TITLES)) for one in draws]
    if len(artefacts) == 1:
        return Step(strength, worth)
    changes = figure_changes(*draws)
    flips = float(np.average(verdicts[0] != verdicts[1], weights=prevalence_weights(labels, prevalence)))
    return Step(strength, worth, Apart(changes["f1"], changes["recall"], flips))
