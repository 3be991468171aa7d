"""One sentence about an explanation, made from what was measured and from nothing else."""

from collections.abc import Mapping

from edgedf.explain.explanation import Explanation
from edgedf.explain.regions import OUTSIDE, Share

MOST = 0.5  # share of the evidence
DENSE = 1.3  # times as much evidence as area: less is no preference
AGREES, DISAGREES = 0.5, 0.1  # correlation of attention and occlusion


def sentence(found: Explanation) -> str:
    """The verdict, where the evidence lies, in which frequencies, and how far that carries."""
    verdict = f"Called {found.verdict} (score {found.score:.2f}, threshold {found.threshold:.2f})"
    return f"{verdict}: {_evidence(found)}, {_band(found.bands)}; {_effect(found)}; {_attention(found)}."


def strongest(found: Mapping[str, Share]) -> str | None:
    """The region that holds the most evidence beyond its area; None where no region stands out."""
    name = max(found, key=lambda one: found[one].evidence - found[one].area)
    evidence, area = found[name]
    return name if evidence > DENSE * area else None


def _evidence(found: Explanation) -> str:
    if not found.effect:
        return "no place speaks for it"
    regions = found.regions["occlusion"]
    name = strongest(regions)
    if name is None:
        return "the evidence is spread over the crop"
    evidence, area = regions[name]
    much = "most of the evidence" if evidence >= MOST else "strongest evidence"
    return f"{much}: {_place(name)} ({evidence:.0%} of it on {area:.0%} of the crop)"


def _place(name: str) -> str:
    return name if name == OUTSIDE else f"{name} region"


def _band(found: Mapping[str, float]) -> str:
    name = max(found, key=lambda one: found[one])
    return f"band {name} (without it the logit loses {found[name]:.2f})" if found[name] > 0 else "no band speaks for it"


def _effect(found: Explanation) -> str:
    return f"hiding the strongest place moves the logit by {found.effect:.2f} of {abs(found.logit):.2f}"


def _attention(found: Explanation) -> str:
    name = strongest(found.regions["attention"])
    where = f"lies on the {_place(name)}" if name else "is spread"
    if found.agreement >= AGREES:
        return f"its attention {where}, in agreement with that (correlation {found.agreement:.2f})"
    doubt = "says something else" if found.agreement < DISAGREES else "agrees in part only"
    return f"its attention {where} and {doubt} (correlation {found.agreement:.2f})"
