"""What an artefact may lose, and what is said of one that may have lost more."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from edgedf.metrics import Interval

Verdict = Literal["passed", "broken", "inconclusive"]


@dataclass(frozen=True)
class Bounds:
    """What an artefact may lose.

    Attributes:
        drop: Of F1 and of recall, below FP32.
        flips: Share of verdicts that are not those of FP32.
    """

    drop: float = 0.005
    flips: float = 0.01


@dataclass(frozen=True)
class Part:
    """Recall on the fakes of one forgery method, or of one group.

    Attributes:
        name: Of the method or group.
        fakes: Number of fakes.
        recall: Of the artefact.
        change: Of recall against FP32.
        flips: Share of flipped verdicts on these fakes.
    """

    name: str
    fakes: int
    recall: float
    change: Interval
    flips: float


def verdict_within(
    bounds: Bounds, changes: Mapping[str, Interval], flips: float, parts: Mapping[str, Sequence[Part]], fakes: int
) -> tuple[Verdict, list[str]]:
    """Whether the bounds hold, and why it is not `passed`, a line each.

    Args:
        bounds: What may be lost.
        changes: Of F1 and recall against FP32.
        flips: Share of flipped verdicts.
        parts: The recall on fakes of each `method` and each `group`.
        fakes: Number of them in all.
    """
    if broken := _broken(changes, flips, parts, bounds):
        return "broken", broken
    unsure = _unsure(changes, fakes, bounds)
    return "inconclusive" if unsure else "passed", unsure


def _broken(
    changes: Mapping[str, Interval], flips: float, parts: Mapping[str, Sequence[Part]], bounds: Bounds
) -> list[str]:
    """The bounds that are broken: overall by the figure itself, of a method or group where it is beyond doubt."""
    reasons = [
        f"{name} is {-changes[name].value:.4f} below FP32, more than {bounds.drop:g}"
        for name in ("f1", "recall")
        if changes[name].value < -bounds.drop
    ]
    if flips > bounds.flips:
        reasons.append(f"{flips:.2%} of the verdicts flipped, more than {bounds.flips:.2%}")
    for kind, some in parts.items():
        reasons += [
            f"recall on {part.fakes} fakes of {kind} {part.name} is {part.change} against FP32"
            for part in some
            if _highest(part, len(some)) < -bounds.drop
        ]
    return reasons


def _highest(part: Part, parts: int) -> float:
    """Upper end of the change of recall, such that of all parts together one in 40 has a higher one by chance.

    Of 36 groups that lose nothing one would be below its own 95 % interval (Bonferroni). Verdicts change by -1, 0 or 1,
    so that their mean square is the share of flips.
    """
    far = NormalDist().inv_cdf(1 - 0.025 / parts)
    return part.change.value + far * math.sqrt((part.flips - part.change.value**2) / part.fakes)


def _unsure(changes: Mapping[str, Interval], fakes: int, bounds: Bounds) -> list[str]:
    """Figures whose interval reaches below the bound, and how many fakes it would take to tell."""
    reasons = []
    # Where no verdict on a fake moved, a bootstrap draws the same again. What never happened in n cases may happen in
    # 3 of n (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 1983).
    if fakes < (enough := math.ceil(3 / bounds.drop)):
        reasons.append(f"nothing can be told of {fakes:,} fakes: give {enough:,} or more")
    for name in ("f1", "recall"):
        change = changes[name]
        if change.low >= -bounds.drop:
            continue
        # An interval narrows with the root of the number of fakes.
        needed = fakes * ((change.value - change.low) / max(change.value + bounds.drop, 1e-4)) ** 2
        reasons.append(f"{name} changes by {change}: about {needed:,.0f} fakes would tell, here are {fakes:,}")
    return reasons
