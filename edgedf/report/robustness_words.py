"""The robustness card in words and tables, which Markdown and HTML share."""

from collections.abc import Sequence

from edgedf.metrics.robustness import TITLES, Hardiness, Robustness, Step

TITLE = "Degraded faces"
NAMES = {"jpeg": "JPEG", "h264": "H.264", "resize": "low resolution", "low_light": "darkness"}


def name(degradation: str) -> str:
    """As people write it."""
    return NAMES.get(degradation, degradation)


def about(found: Robustness) -> str:
    """What was judged, and what the figures mean."""
    return (
        f"{found.images:,} faces, {found.fakes:,} of them fake, in {found.groups:,} groups, the same for "
        "every model and artefact; strength 1 is the worst that training shows. Each artefact keeps its own threshold. "
        "F1 and flips, the verdicts of INT8 that are not those of floating point, are stated at "
        f"{100 * found.prevalence:.1f} % fakes. INT8 departs where its F1 or recall is more than {found.drop:g} below "
        "that of floating point, and the 95 % interval of the difference, over the same draws of groups, lies below 0."
    )


def departures(found: Robustness | None) -> list[str]:
    """Under what INT8 departs from floating point, a line for each model that has both."""
    return [departures_of(one) for one in found.models if one.untouched.apart] if found else []


def departures_of(one: Hardiness) -> str:
    """The same of one model that has both."""
    first = {curve.degradation: curve.departs for curve in one.curves}
    if 0 in first.values():
        return f"{one.model}: INT8 departs from floating point on untouched faces."
    told = [f"{name(degradation)} from {strength:g}" for degradation, strength in first.items() if strength is not None]
    where = f"under {', '.join(told)}" if told else "nowhere"
    return f"{one.model}: INT8 departs from floating point {where}."


def header(one: Hardiness) -> list[str]:
    """Of the table of a model; each row begins with degradation and strength."""
    figures = [f"{figure} {form.precision}" for figure in TITLES.values() for form in one.forms]
    apart = ["flips", "change of F1", "change of recall"] if one.untouched.apart else []
    return ["degradation, strength", *apart, *figures]


def rows(one: Hardiness) -> list[list[str]]:
    """Cells below `header`: untouched faces, then every strength of every degradation."""
    steps = [(f"{name(curve.degradation)} {step.strength:g}", step) for curve in one.curves for step in curve.steps]
    return [[title, *_cells(step)] for title, step in [("untouched", one.untouched), *steps]]


def _cells(step: Step) -> Sequence[str]:
    figures = [str(getattr(worth, figure)) for figure in TITLES for worth in step.worth]
    if step.apart is None:
        return figures
    return [f"{step.apart.flips:.2%}", str(step.apart.f1), str(step.apart.recall), *figures]
