"""How well single cues tell the label, in words and as a drawing."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.metrics import Interval
from edgedf.report.findings import Exhibit, Finding, State
from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

CLEAN_BELOW, UNUSABLE_ABOVE = 0.65, 0.90  # AUC
NAMES, ROW, TOP, WIDTH = 190, 28, 34, 960


class Verdict(StrEnum):
    """What a cue makes of a dataset."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    UNUSABLE = "unusable"


class Cue(NamedTuple):
    """How well one family of cues tells the label.

    Attributes:
        auc: Of its scores, with the 95 % interval over groups.
        scores: `(N,)`, higher for what looks fake by these cues.
    """

    auc: Interval
    scores: NDArray[np.float64]

    @property
    def verdict(self) -> Verdict:
        """By the interval's ends."""
        if self.auc.low > UNUSABLE_ABOVE:
            return Verdict.UNUSABLE
        return Verdict.CLEAN if self.auc.high < CLEAN_BELOW else Verdict.SUSPICIOUS

    def figures(self) -> list[str]:
        """AUC, its interval and the verdict, as text."""
        return [f"{self.auc.value:.3f}", f"{self.auc.low:.3f} to {self.auc.high:.3f}", self.verdict]


ABOUT = (
    "A classifier that sees cheap cues alone, cross-fitted over groups: AUC with its 95 % interval over groups. "
    f"clean: it ends below {CLEAN_BELOW:.2f}; unusable: it starts above {UNUSABLE_ABOVE:.2f}; suspicious: between. "
    "What all cues reach together is the floor that a detector must beat. Sharpness and spectrum can be traces "
    "of the forgery itself: a detector then knows this one and no other. Pictures: those most surely given away."
)


def by_verdict(cues: Mapping[str, Cue]) -> dict[Verdict, list[str]]:
    """Names of the cues of each verdict, the worst verdict first."""
    return {kind: [name for name, cue in cues.items() if cue.verdict is kind] for kind in reversed(Verdict)}


def shortcuts(cues: Mapping[str, Cue], looks_at: Mapping[str, str], exhibits: Sequence[Exhibit]) -> Finding:
    """What tells the label without a look at forgery.

    Args:
        cues: Each family, and last all of them together; empty where a class is missing.
        looks_at: What each family is.
        exhibits: Pictures whose label a cue tells most surely.
    """
    if not cues:
        return Finding("Shortcuts", State.LOOK, "not probed: the dataset holds one class only", ABOUT)
    by, together = by_verdict(cues), list(cues.values())[-1]
    told = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in by.items() if names)
    state = State.LEAK if by[Verdict.UNUSABLE] else State.LOOK if by[Verdict.SUSPICIOUS] else State.FINE
    return Finding(
        "Shortcuts",
        state,
        f"clean: no cue tells the label, all together AUC {together.auc}" if state is State.FINE else told,
        ABOUT,
        ("cue", "looks at", "AUC", "95 % interval", "verdict"),
        [[name, looks_at.get(name, "all of these"), *cue.figures()] for name, cue in cues.items()],
        cue_aucs({name: cue.auc for name, cue in cues.items()}),
        exhibits,
    )


def cue_aucs(found: Mapping[str, Interval]) -> str:
    """A row for each cue: its AUC and 95 % interval, between the bounds of the verdicts."""
    height = TOP + ROW * len(found) + 28
    x = Scale(min(0.4, *(one.low for one in found.values())), 1.0, NAMES, WIDTH - 60)
    parts = [line(x(tick), TOP, x(tick), height - 26, class_="grid") for tick in x.ticks()]
    parts += [text(x(tick), height - 8, f"{tick:.1f}", class_="tick middle") for tick in x.ticks()]
    parts += [line(x(bound), TOP - 8, x(bound), height - 26, class_="axis") for bound in (CLEAN_BELOW, UNUSABLE_ABOVE)]
    parts += [text(x(bound), TOP - 14, f"{bound:.2f}", class_="hint middle") for bound in (CLEAN_BELOW, UNUSABLE_ABOVE)]
    for row, (name, one) in enumerate(found.items()):
        y = TOP + ROW * (row + 0.5)
        drawn = [
            tooltip(f"{name}: {one}"),
            text(NAMES - 16, y + 4, name, class_="label end"),
            line(x(one.low), y, x(one.high), y, class_="bar"),
            marker(x(one.value), y, 0, radius=5.5),
        ]
        parts.append(element("g", *drawn, class_="series s0"))
    return picture(WIDTH, height, "AUC of each cue with its 95 % interval", "Values stand in the table.", *parts)
