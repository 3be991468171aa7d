"""A picture of what a loss buys: a panel for each artefact, what is at its lower left is better."""

from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

WIDTH, PANEL = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 62, 40, 34, 52


class Point(NamedTuple):
    """One way to make an artefact.

    Attributes:
        cost: Along the panel, 0 or more.
        loss: Up the panel, a share.
        name: Stands beside the mark.
    """

    cost: float
    loss: float
    name: str


class Panel(NamedTuple):
    """One artefact.

    Attributes:
        title: Its name.
        cost: What the cost is, with its unit.
        points: At least one.
    """

    title: str
    cost: str
    points: Sequence[Point]


def pareto(panels: Sequence[Panel], loss: str, bound: float) -> str:
    """The picture as an SVG file; those that no other beats on both axes are joined.

    Args:
        panels: One below the other.
        loss: What the loss is.
        bound: Largest loss that is allowed.
    """
    style = files("edgedf.report").joinpath("page.css").read_text()
    drawn = [_panel(panel, loss, bound, PANEL * place, place) for place, panel in enumerate(panels)]
    told = "; ".join(
        f"{panel.title}: {one.name}, {one.loss:.2%} at {one.cost:.2f} {panel.cost}"
        for panel in panels
        for one in panel.points
    )
    return picture(WIDTH, PANEL * len(panels), f"{loss} against cost", told, f"<style>{style}</style>", *drawn) + "\n"


def front(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats in both, the cheapest first."""
    found: list[Point] = []
    for one in sorted(points):
        if not found or one.loss < found[-1].loss:
            found.append(one)
    return found


def _panel(panel: Panel, loss: str, bound: float, top: float, series: int) -> str:
    costs = [one.cost for one in panel.points]
    margin = max(0.08 * (max(costs) - min(costs)), 0.01)
    x = Scale(min(costs) - margin, max(costs) + margin, LEFT, WIDTH - RIGHT)
    y = Scale(0, 1.15 * max(bound, *(one.loss for one in panel.points)), top + PANEL - BOTTOM, top + TOP)
    best = front(panel.points)
    joined = [
        line(x(one.cost), y(one.loss), x(other.cost), y(other.loss), class_="bar thin") for one, other in pairwise(best)
    ]
    marks = [_mark(one, panel, x, y, series) for one in panel.points]
    return element("g", *_axes(panel, loss, bound, x, y), element("g", *joined, *marks, class_=f"series s{series % 6}"))


def _axes(panel: Panel, loss: str, bound: float, x: Scale, y: Scale) -> list[str]:
    bottom, right = y.start, x.end
    parts = [text(LEFT, y.end - 14, f"{panel.title}: {loss}", class_="name")]
    parts += [line(LEFT, y(tick), right, y(tick), class_="grid") for tick in y.ticks()]
    parts += [text(LEFT - 10, y(tick) + 4, f"{tick:.2%}", class_="tick end") for tick in y.ticks()]
    parts += [line(x(tick), bottom, x(tick), bottom + 5, class_="axis") for tick in x.ticks()]
    parts += [text(x(tick), bottom + 21, f"{tick:.4g}", class_="tick middle") for tick in x.ticks()]
    parts.append(line(LEFT, bottom, right, bottom, class_="axis"))
    parts.append(text((LEFT + right) / 2, bottom + 42, panel.cost, class_="name middle"))
    parts.append(line(LEFT, y(bound), right, y(bound), class_="peer-line"))
    parts.append(text(right, y(bound) - 5, f"bound {bound:.2%}", class_="hint end"))
    return parts


def _mark(point: Point, panel: Panel, x: Scale, y: Scale, series: int) -> str:
    at_x, at_y = x(point.cost), y(point.loss)
    says = f"{point.name}: {point.loss:.2%} at {point.cost:.2f} {panel.cost}"
    label = text(at_x + 9, at_y - 7, point.name, class_="figures")
    return element("g", tooltip(says), marker(at_x, at_y, series, radius=5.0), label)
