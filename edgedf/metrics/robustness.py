"""What degraded faces do to a model, and to INT8 more than to floating point, typed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from edgedf.errors import InternalError
from edgedf.metrics.bootstrap import Interval
from edgedf.metrics.evaluation import FIGURES


@dataclass(frozen=True)
class Form:
    """An artefact that was judged.

    Attributes:
        file: Path in its bundle.
        precision: Of the arithmetic: "fp32", "int8".
        threshold: Its own, at all strengths: a score from here on is called fake.
    """

    file: str
    precision: str
    threshold: float


@dataclass(frozen=True)
class Worth:
    """What an artefact is worth, each from 0 to 1.

    Attributes:
        auc: Area under the ROC curve.
        f1: At the stated prevalence.
        recall: Share of the fakes that it calls fake.
    """

    auc: Interval
    f1: Interval
    recall: Interval


TITLES = {one.name: FIGURES[one.name] for one in fields(Worth)}
"""The figures of `Worth`: name and title."""


@dataclass(frozen=True)
class Apart:
    """INT8 against floating point on the same faces; the intervals are of the same draws of groups for both.

    Attributes:
        f1: Change of F1, -1 to 1.
        recall: Change of recall, -1 to 1.
        flips: Share of verdicts that differ, at the stated prevalence, 0 to 1.
    """

    f1: Interval
    recall: Interval
    flips: float

    def departs(self, drop: float) -> bool:
        """Whether F1 or recall is lower by more than `drop`, and the whole interval of the change lies below 0."""
        return any(change.value < -drop and change.high < 0 for change in (self.f1, self.recall))


@dataclass(frozen=True)
class Step:
    """A model at one strength of a degradation.

    Attributes:
        strength: 0 is untouched, 1 the worst.
        worth: Of each form.
        apart: Of the two forms; None where there is one.
    """

    strength: float
    worth: Sequence[Worth]
    apart: Apart | None = None

    def check(self, forms: int) -> None:
        """Checks that the figures go with each other.

        Raises:
            InternalError: They do not.
        """
        if not all(getattr(worth, name).is_share for worth in self.worth for name in TITLES):
            raise InternalError("what an artefact is worth is no share")
        if len(self.worth) != forms or (self.apart is None) != (forms == 1):
            raise InternalError(f"a step has {len(self.worth)} figures for {forms} forms, or none of their difference")
        if self.apart is None:
            return
        before, after = self.worth
        for name in ("f1", "recall"):
            told, expected = getattr(self.apart, name).value, getattr(after, name).value - getattr(before, name).value
            if not math.isclose(told, expected, abs_tol=1e-6):
                raise InternalError(f"a change of {name} of {told:g} contradicts its figures, which give {expected:g}")
        if not 0 <= self.apart.flips <= 1:
            raise InternalError(f"{self.apart.flips:g} is not a share of verdicts")


@dataclass(frozen=True)
class Curve:
    """A model under one degradation.

    Attributes:
        degradation: One of `edgedf.data.degrade`.
        steps: With rising strength, above 0.
        departs: First strength, 0 for untouched, at which INT8 departs from floating point; None where it does not.
    """

    degradation: str
    steps: Sequence[Step]
    departs: float | None = None


@dataclass(frozen=True)
class Hardiness:
    """A model under every degradation.

    Attributes:
        model: Name of its bundle.
        forms: Floating point and INT8 of one backend, in this order, or the artefact in use alone.
        untouched: On the faces as they are.
        curves: One a degradation.
    """

    model: str
    forms: Sequence[Form]
    untouched: Step
    curves: Sequence[Curve]

    def steps(self, curve: Curve) -> list[Step]:
        """Those of a curve, from the untouched faces on."""
        return [self.untouched, *curve.steps]

    def check(self, drop: float) -> None:
        """Checks that the curves follow from their steps.

        Raises:
            InternalError: They do not.
        """
        if not (1 <= len(self.forms) <= 2 and self.curves):
            raise InternalError(f"{self.model} has {len(self.forms)} forms side by side, or was never degraded")
        for curve in self.curves:
            steps = self.steps(curve)
            strengths = [one.strength for one in steps]
            if strengths[0] != 0 or strengths[-1] > 1 or any(a >= b for a, b in pairwise(strengths)):
                raise InternalError(f"strengths of {curve.degradation} do not rise from 0 to at most 1: {strengths}")
            for step in steps:
                step.check(len(self.forms))
            if curve.departs != (expected := departure(steps, drop)):
                raise InternalError(
                    f"{self.model} departs under {curve.degradation} at {expected}, not at {curve.departs}"
                )

    def flips(self) -> dict[str, float]:
        """Share of flipped verdicts: of the model untouched, and at the worst of each degradation; none of one form."""
        found = {self.model: [self.untouched]} | {f"{self.model}, {c.degradation}": c.steps for c in self.curves}
        shares = {name: [one.apart.flips for one in steps if one.apart] for name, steps in found.items()}
        return {name: max(some) for name, some in shares.items() if some}


def departure(steps: Sequence[Step], drop: float) -> float | None:
    """The first strength at which INT8 departs from floating point, see `Apart.departs`."""
    return next((one.strength for one in steps if one.apart and one.apart.departs(drop)), None)


@dataclass(frozen=True)
class Robustness:
    """Models under the same degradations of the same faces.

    Attributes:
        images: Number of faces.
        fakes: Number of fakes among them.
        groups: Number of groups, the unit of the bootstrap.
        prevalence: Share of fakes that F1 and flips are stated at.
        drop: Of F1 or recall, below which INT8 does not depart.
        models: What was judged.

    Raises:
        InternalError: A figure contradicts another.
    """

    images: int
    fakes: int
    groups: int
    prevalence: float
    drop: float
    models: Sequence[Hardiness]

    def __post_init__(self) -> None:
        """Checks that the figures can be."""
        if not (0 < self.fakes < self.images and 0 < self.groups <= self.images and 0 < self.prevalence < 1):
            raise InternalError(f"{self.fakes} fakes of {self.images} faces in {self.groups} groups tell nothing")
        for one in self.models:
            one.check(self.drop)

    @property
    def faces(self) -> tuple[int, int, int, float]:
        """What must be alike for two of these to be compared."""
        return self.images, self.fakes, self.groups, round(self.prevalence, 9)

    def flips(self) -> dict[str, float]:
        """See `Hardiness.flips`, of all models."""
        return {name: share for one in self.models for name, share in one.flips().items()}
