"""The headline picture: F1, or AUC, against latency, with intervals."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from edgedf.metrics import Interval
from edgedf.report.pareto import Point, front
from edgedf.report.results import ModelResult, Report
from edgedf.report.svg import Scale, element, line, marker, nice_step, picture, text, tooltip

WIDTH, HEIGHT = 960, 480
LEFT, RIGHT, TOP, BOTTOM = 62, 24, 22, 58
PEER_ROW = 18
CHARACTER = 7.1  # mean width of one in the label's font, in pixels


class Box(NamedTuple):
    """A rectangle that a label must not cover."""

    x1: float
    y1: float
    x2: float
    y2: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return self.x1 < other.x2 and other.x1 < self.x2 and self.y1 < other.y2 and other.y1 < self.y2


def headline(report: Report) -> str:
    """F1 and its 95 % interval over the median latency, which reaches to its 95th percentile.

    What was not judged, as peers with random weights, has no F1: a dotted line marks its latency.
    """
    told = "; ".join(f"{one.name}: F1 {found.f1}, {one.latency_ms_p50:.2f} ms" for _, one, found in report.judged)
    return picture(WIDTH, HEIGHT, "F1 against latency", told, *plot(report, "f1"))


def plot(report: Report, figure: str, *, joined: bool = False) -> list[str]:
    """The parts of such a picture, `WIDTH` x `HEIGHT`.

    Args:
        report: What is drawn.
        figure: `f1` or `auc`, up the picture.
        joined: Join the models that no other beats in both.
    """
    points = [Placed(series, one, getattr(found, figure), figure.upper()) for series, one, found in report.judged]
    peers = [result for result in report.results if result.evaluation is None]
    return draw(points, peers, fronts=[points] if joined else [])


class Placed(NamedTuple):
    """A model in the picture.

    Attributes:
        series: Number of its colour and mark.
        result: Its latency and name.
        worth: Up the picture.
        figure: What that is: "F1".
    """

    series: int
    result: ModelResult
    worth: Interval
    figure: str


def draw(points: Sequence[Placed], peers: Sequence[ModelResult], fronts: Sequence[Sequence[Placed]] = ()) -> list[str]:
    """The parts of a picture of models, at least one, and of peers that have a latency only.

    Args:
        points: The models.
        peers: A dotted line each.
        fronts: Of each group of models those are joined that no other of the group beats in both.
    """
    x, y = _scales([*(one.result for one in points), *peers], [one.worth for one in points], len(peers))
    boxes = [box for point in points for box in _bars(point, x, y)]
    return [
        *_axes(x, y, points[0].figure),
        *_peers(peers, x),
        *(part for group in fronts for part in _front(group, x, y)),
        *(_mark(point, x, y) for point in points),
        *(_label(point, x, y, boxes) for point in points),
    ]


def _front(points: Sequence[Placed], x: Scale, y: Scale) -> list[str]:
    best = front([Point(one.result.latency_ms_p50, 1 - one.worth.value, "") for one in points])
    ends = [(x(one.cost), y(1 - one.loss)) for one in best]
    return [line(*one, *other, class_="peer-line") for one, other in pairwise(ends)]


def _scales(results: Sequence[ModelResult], worth: Sequence[Interval], peers: int) -> tuple[Scale, Scale]:
    fastest = min(result.latency_ms_p50 for result in results)
    slowest = max(result.latency_ms_p95 for result in results)
    low, high = min(one.low for one in worth), max(one.high for one in worth)
    step = nice_step(max(high - low, 0.04) / 4)
    bottom = max(0.0, math.floor(low / step - 0.5) * step)
    top = min(1.0, math.ceil(high / step + 0.5) * step)
    x = Scale(fastest / 1.5, slowest * 1.7, LEFT, WIDTH - RIGHT, log=True)
    return x, Scale(bottom, top, HEIGHT - BOTTOM - PEER_ROW * peers, TOP)


def _axes(x: Scale, y: Scale, figure: str) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [line(LEFT, y(tick), right, y(tick), class_="grid") for tick in y.ticks()]
    parts += [text(LEFT - 10, y(tick) + 4, f"{tick:.2f}", class_="tick end") for tick in y.ticks()]
    parts += [line(x(tick), bottom, x(tick), bottom + 5, class_="axis") for tick in x.ticks()]
    parts += [text(x(tick), bottom + 21, f"{tick:g}", class_="tick middle") for tick in x.ticks()]
    parts.append(line(LEFT, bottom, right, bottom, class_="axis"))
    parts.append(text((LEFT + right) / 2, HEIGHT - 8, "latency of one face, ms (log)", class_="name middle"))
    turned = f"rotate(-90 16 {(TOP + bottom) / 2:.0f})"
    parts.append(text(16, (TOP + bottom) / 2, figure, class_="name middle", transform=turned))
    parts.append(text(LEFT + 10, TOP + 16, "↖ faster and better", class_="hint"))
    return parts


def _mark(point: Placed, x: Scale, y: Scale) -> str:
    series, result, worth, figure = point
    at_x, at_y, slow = x(result.latency_ms_p50), y(worth.value), x(result.latency_ms_p95)
    says = f"{result.name}: {figure} {worth}, p50 {result.latency_ms_p50:.2f} ms, p95 {result.latency_ms_p95:.2f} ms"
    return element(
        "g",
        tooltip(says),
        line(at_x, y(worth.low), at_x, y(worth.high), class_="bar"),
        *(line(at_x - 6, y(end), at_x + 6, y(end), class_="bar") for end in (worth.low, worth.high)),
        line(at_x, at_y, slow, at_y, class_="bar thin"),
        marker(at_x, at_y, series),
        class_=f"series s{series % 6}",
    )


def _bars(point: Placed, x: Scale, y: Scale) -> list[Box]:
    _, result, worth, _ = point
    at_x, at_y, slow = x(result.latency_ms_p50), y(worth.value), x(result.latency_ms_p95)
    return [Box(at_x - 9, y(worth.high), at_x + 9, y(worth.low)), Box(at_x, at_y - 3, slow, at_y + 3)]


def _label(point: Placed, x: Scale, y: Scale, taken: list[Box]) -> str:
    """The name and figures beside the mark, at the first place where they cover nothing."""
    series, result, worth, figure = point
    figures = f"{figure} {worth.value:.3f} at {result.latency_ms_p50:.2f} ms"
    width = CHARACTER * max(len(result.name), len(figures))
    at_x, at_y = x(result.latency_ms_p50), y(worth.value)
    places = [(side, drop) for drop in (-38, 6, -58, 26, -78, 46) for side in (1, -1)]
    boxes = [_label_box(at_x, at_y + drop, side * width) for side, drop in places]
    inside = [box for box in boxes if box.x1 >= LEFT and box.x2 <= WIDTH and box.y1 >= TOP]
    free = [box for box in inside if not any(box.meets(other) for other in taken)]
    box = (free or inside or boxes)[0]
    taken.append(box)
    left = box.x1 >= at_x
    edge, anchor = (box.x1, "start") if left else (box.x2, "end")
    return element(
        "g",
        text(edge, box.y1 + 12, result.name, class_=f"label {anchor}"),
        text(edge, box.y1 + 28, figures, class_=f"figures {anchor}"),
        class_=f"series s{series % 6}",
    )


def _label_box(at_x: float, top: float, width: float) -> Box:
    near = at_x + math.copysign(14, width)
    return Box(min(near, near + width), top, max(near, near + width), top + 34)


def _peers(peers: Sequence[ModelResult], x: Scale) -> list[str]:
    """A dotted line for each peer, its name in a row of its own under the plot."""
    bottom = HEIGHT - BOTTOM
    lines = [line(x(peer.latency_ms_p50), TOP, x(peer.latency_ms_p50), bottom, class_="peer-line") for peer in peers]
    return lines + [_peer_name(peer, x, bottom - PEER_ROW * row - 6) for row, peer in enumerate(peers)]


def _peer_name(peer: ModelResult, x: Scale, y: float) -> str:
    at, words = x(peer.latency_ms_p50), f"{peer.name}, {peer.latency_ms_p50:.2f} ms"
    edge, anchor = (at + 6, "start") if at + CHARACTER * len(words) < WIDTH - RIGHT else (at - 6, "end")
    why = tooltip(f"{words}: latency only, it was not judged")
    return element("g", why, text(edge, y, words, class_=f"peer {anchor}"))
