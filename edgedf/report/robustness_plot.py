"""A model's AUC, F1 and recall over the strength of each degradation, floating point beside INT8."""

from collections.abc import Sequence
from itertools import pairwise

from edgedf.metrics.robustness import TITLES, Curve, Form, Hardiness, Step
from edgedf.report.robustness_words import departures_of, name
from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

WIDTH, LEFT, GAP = 960, 62, 18
HEAD, PANEL, FOOT = 66, 116, 44
RADII = (5.0, 3.0)  # of floating point and INT8, which often lie on each other


def curves(one: Hardiness) -> str:
    """A column for each degradation, a row for each figure; a dotted line where INT8 departs."""
    height = HEAD + PANEL * len(TITLES) + FOOT
    column = (WIDTH - LEFT) / len(one.curves)
    across = [
        Scale(0.0, 1.0, LEFT + column * place, LEFT + column * (place + 1) - GAP) for place in range(len(one.curves))
    ]
    parts = [*_key(one.forms), text((LEFT + WIDTH) / 2, height - 6, "strength", class_="name middle")]
    for x, curve in zip(across, one.curves, strict=True):
        parts += _head(x, curve, height - FOOT)
    for row, figure in enumerate(TITLES):
        parts += _row(one, figure, across, HEAD + PANEL * row)
    told = f"{departures_of(one)} Values stand in the table." if one.untouched.apart else "Values stand in the table."
    return picture(WIDTH, height, f"{one.model}: AUC, F1 and recall on degraded faces", told, *parts)


def _key(forms: Sequence[Form]) -> list[str]:
    return [
        element(
            "g",
            marker(LEFT + 6 + 200 * series, 12, series, radius=RADII[series]),
            text(LEFT + 18 + 200 * series, 16, form.precision, class_="label"),
            class_=f"series s{series}",
        )
        for series, form in enumerate(forms)
    ]


def _head(x: Scale, curve: Curve, bottom: float) -> list[str]:
    """A degradation's name, its strengths along the bottom, and where INT8 departs."""
    parts = [
        text(x.start, 40, name(curve.degradation), class_="name"),
        line(x.start, bottom, x.end, bottom, class_="axis"),
    ]
    parts += [text(x(tick), bottom + 18, f"{tick:g}", class_="tick middle") for tick in (0, 0.5, 1)]
    if curve.departs is not None:
        at = x(curve.departs)
        parts.append(line(at, HEAD - 6, at, bottom, class_="peer-line"))
        parts.append(text(x.start, 55, f"departs at {curve.departs:g}", class_="hint"))
    return parts


def _row(one: Hardiness, figure: str, across: Sequence[Scale], top: float) -> list[str]:
    steps = [one.steps(curve) for curve in one.curves]
    values = [_value(step, series, figure) for some in steps for step in some for series in range(len(one.forms))]
    margin = max(0.08 * (max(values) - min(values)), 0.02)
    y = Scale(max(0.0, min(values) - margin), min(1.0, max(values) + margin), top + PANEL - 12, top + 14)
    ticks = y.ticks()
    parts = [text(0, top + 8, TITLES[figure], class_="name")]
    parts += [text(LEFT - 8, y(tick) + 4, f"{tick:.2f}", class_="tick end") for tick in ticks]
    parts += [line(x.start, y(tick), x.end, y(tick), class_="grid") for x in across for tick in ticks]
    for x, some in zip(across, steps, strict=True):
        parts += [_curve(some, series, form, figure, x, y) for series, form in enumerate(one.forms)]
    return parts


def _curve(steps: Sequence[Step], series: int, form: Form, figure: str, x: Scale, y: Scale) -> str:
    points = [(x(step.strength), y(_value(step, series, figure))) for step in steps]
    told = "; ".join(f"{getattr(step.worth[series], figure)} at {step.strength:g}" for step in steps)
    return element(
        "g",
        tooltip(f"{form.precision}, {TITLES[figure]}: {told}"),
        *(line(*a, *b, class_="bar thin") for a, b in pairwise(points)),
        *(marker(*point, series, radius=RADII[series]) for point in points),
        class_=f"series s{series}",
    )


def _value(step: Step, series: int, figure: str) -> float:
    value: float = getattr(step.worth[series], figure).value
    return value
