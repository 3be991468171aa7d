"""How far the explanations of a model can be believed: every method on forged faces whose forged region is known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.explain.explanation import Subject
from edgedf.explain.faithfulness import faithfulness, stability
from edgedf.explain.localisation import FIXED, THRESHOLDS, localise
from edgedf.explain.maps import Crop, Method, centre_prior, correlation, random_map
from edgedf.metrics import Interval, mean_interval

CENTRE, RANDOM = "centre prior", "random"
BETTER = {  # than what knows nothing of the model, where it is higher (1) or lower (-1)
    "pointing game": 1,
    "energy inside": 1,
    "best IoU": 1,
    "IoU at .5": 1,
    "deletion": -1,
    "insertion": 1,
}
SHIFT, JPEG, SANITY = "after a shift", "after JPEG", "random weights"

Values = NDArray[np.float64]
"""`(N,)`, one for each face."""


class Case(NamedTuple):
    """A forged face.

    Attributes:
        crop: The face.
        region: bool `(256, 256)`, what was forged.
        group: Person or video.
    """

    crop: Crop
    region: NDArray[np.bool_]
    group: str


@dataclass(frozen=True)
class Measured:
    """What one method is worth.

    Attributes:
        values: By measure; stability and sanity where they were measured.
        threshold: The one with the best mean IoU.
    """

    values: Mapping[str, Values]
    threshold: float


class Comparison(NamedTuple):
    """A method against a map that knows nothing of the model, on the same faces.

    Attributes:
        better: Measures whose interval of the difference lies on the better side.
        worse: Those on the worse side.
    """

    better: list[str]
    worse: list[str]


def measure(
    subject: Subject, cases: Sequence[Case], progress: Callable[[Sequence[Case]], Iterable[Case]] = iter
) -> dict[str, Measured]:
    """Every method of a model, a random map and the centre prior, on the same faces; evidence is that for fake.

    Args:
        subject: The model.
        cases: Forged faces.
        progress: Passes them on and shows how far it is.
    """
    rng, centre = np.random.default_rng(0), centre_prior()
    blind: dict[str, Method] = {RANDOM: lambda crop, sign: random_map(rng), CENTRE: lambda crop, sign: centre}
    rows: dict[str, list[dict[str, float]]] = {}
    ious: dict[str, list[Values]] = {}
    for case in progress(cases):
        for name, method in (subject.methods | blind).items():
            evidence = method(case.crop, 1.0)
            place = localise(evidence, case.region)
            faith = faithfulness(subject.ask, case.crop, evidence, subject.temperature)
            row = {
                "pointing game": place.pointing,
                "energy inside": place.energy,
                "IoU at .5": float(place.ious[FIXED]),
                **faith._asdict(),
            }
            if name not in blind:
                row[SHIFT], row[JPEG] = stability(method, case.crop, evidence)
            rows.setdefault(name, []).append(row)
            ious.setdefault(name, []).append(place.ious)
    return {name: _measured(own, np.stack(ious[name])) for name, own in rows.items()}


def sanity(subject: Subject, shuffled: Subject, cases: Sequence[Case]) -> dict[str, Values]:
    """Correlation of each method's maps with those of the same network with shuffled weights: it should be near 0."""
    pairs = {name: (method, shuffled.methods[name]) for name, method in subject.methods.items()}
    return {
        name: np.array([correlation(one(case.crop, 1.0), other(case.crop, 1.0)) for case in cases])
        for name, (one, other) in pairs.items()
    }


def compare(found: Mapping[str, Measured], name: str, blind: str, groups: Sequence[str]) -> Comparison:
    """Where a method is surely better or worse than `CENTRE` or `RANDOM`, by the 95 % interval of the difference."""
    gains: dict[str, Interval] = {}
    for one, sign in BETTER.items():
        difference = sign * (found[name].values[one] - found[blind].values[one])
        gains[one] = mean_interval(difference, groups, lowest=-1.0)
    return Comparison(
        [one for one, gain in gains.items() if gain.low > 0], [one for one, gain in gains.items() if gain.high < 0]
    )


def _measured(rows: list[dict[str, float]], ious: NDArray[np.float64]) -> Measured:
    best = int(ious.mean(0).argmax())
    values = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Measured(values | {"best IoU": ious[:, best]}, float(THRESHOLDS[best]))
