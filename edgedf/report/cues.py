"""A drawing of how well single cues tell the label."""

from collections.abc import Mapping, Sequence

from edgedf.metrics import Interval
from edgedf.report.svg import Scale, element, line, marker, picture, text, tooltip

NAMES, ROW, TOP, WIDTH = 190, 28, 34, 960


def cue_aucs(found: Mapping[str, Interval], bounds: Sequence[float]) -> str:
    """A row for each cue: its AUC and 95 % interval, between the bounds of the verdicts."""
    height = TOP + ROW * len(found) + 28
    x = Scale(min(0.4, *(one.low for one in found.values())), 1.0, NAMES, WIDTH - 60)
    parts = [line(x(tick), TOP, x(tick), height - 26, class_="grid") for tick in x.ticks()]
    parts += [text(x(tick), height - 8, f"{tick:.1f}", class_="tick middle") for tick in x.ticks()]
    parts += [line(x(bound), TOP - 8, x(bound), height - 26, class_="axis") for bound in bounds]
    parts += [text(x(bound), TOP - 14, f"{bound:.2f}", class_="hint middle") for bound in bounds]
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
