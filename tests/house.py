"""The map of the house, `docs/map.svg`: which folder of the package imports which, as the code has it.

Run by `python -m tests.house` it is drawn anew. Where a folder stands is written down here; its arrows are found.
"""

from pathlib import Path
from typing import NamedTuple

from edgedf.report.svg import element, picture, text
from tests.test_layers import FOUNDATION, MODULES, PACKAGE, PROGRAMS, TOP, TORCH_FREE, below, imports, part_of

MAP = Path(__file__).parents[1] / "docs" / "map.svg"
FOLDERS = {part_of(path) for path in MODULES if path.parent != PACKAGE} - TOP
COMMANDS = {part_of(path) for path in MODULES} - FOLDERS - FOUNDATION


class Place(NamedTuple):
    """Where a folder stands.

    Attributes:
        column: From the left, in `STEP`.
        row: From below: what it imports stands lower.
        words: What it is for.
    """

    column: float
    row: int
    words: str


PLACES = {
    "deploy": Place(1.9, 3, "export, gate, benchmark"),
    "explain": Place(3.6, 3, "where a model looks"),
    "runtime": Place(1.5, 2, "engine, camera, verdict"),
    "training": Place(2.9, 2, "loop, losses, run"),
    "report": Place(0.0, 1, "results to pages"),
    "bundle": Place(1.1, 1, "manifest, hashes"),
    "data": Place(2.75, 1, "datasets, forging, views"),
    "nn": Place(4.0, 1, "teacher, student"),
    "metrics": Place(0.6, 0, "figures with intervals"),
    "faces": Place(2.5, 0, "detectors, crop rule"),
}
LANES = {
    ("explain", "nn"): 4.0,
    ("runtime", "faces"): 2.0,
    ("training", "metrics"): 1.8,
}  # columns in which an arrow passes a row

STEP, WIDTH, HEIGHT, ROW = 176.0, 160.0, 54.0, 118.0  # pixels
LEFT, BAND, WIDE, TALL = 96.0, 44.0, 914.0, 660.0
HIGHEST = 136.0  # upper edge of that row

STYLE = """
svg { --card: #ffffff; --ink: #171b22; --quiet: #5c6675; --edge: #8490a0; --band: #eef1f5; --light: #dfeafd; }
@media (prefers-color-scheme: dark) {
  svg { --card: #171b22; --ink: #e9edf3; --quiet: #a5b0c0; --edge: #7b8899; --band: #232a34; --light: #1f3557; }
}
text { fill: var(--quiet); font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; text-anchor: middle; }
.name { fill: var(--ink); font-size: 15px; font-weight: 600; }
.card { fill: var(--card); }
.band { fill: var(--band); }
.room { fill: var(--card); stroke: var(--edge); stroke-width: 1.5; }
.light { fill: var(--light); }
.way { fill: none; stroke: var(--edge); stroke-width: 1.5; marker-end: url(#tip); }
.tip { fill: var(--edge); }
"""


def uses() -> dict[str, set[str]]:
    """For each folder those that it imports, but for what comes below one of these."""
    found: dict[str, set[str]] = {folder: set() for folder in FOLDERS}
    for path in MODULES:
        if (part := part_of(path)) in FOLDERS:
            found[part] |= {name.split(".")[1] for name in imports(path) if name.startswith("edgedf.")}
    direct = {part: (names & FOLDERS) - {part} for part, names in found.items()}
    return {part: names - set().union(*map(below, names)) for part, names in direct.items()}


def drawing() -> str:
    """The map as SVG, for light and dark pages."""
    tip = element("path", d="M0,0L8,4L0,8Z", class_="tip")
    size = {"viewBox": "0 0 8 8", "refX": 7, "refY": 4, "markerWidth": 7, "markerHeight": 7}
    marker = element("marker", tip, id="tip", orient="auto", **size)
    bands = [
        _band(12, "command line", COMMANDS - {"__main__"}),
        _band(68, "programs: flows to read from top to bottom", PROGRAMS),
        _band(TALL - 84, "foundation, which all may import", FOUNDATION - {"edgedf"}),
    ]
    arrows = [_arrow(user, used) for user, names in sorted(uses().items()) for used in sorted(names)]
    note = text(
        WIDE / 2,
        TALL - 16,
        "Arrows: who imports whom; what lies below along the arrows is allowed, too. Blue: never loads torch.",
    )
    content = [
        element("style", STYLE),
        element("defs", marker),
        element("rect", width="100%", height="100%", rx=12, class_="card"),
        *bands,
        *arrows,
        *(_room(name) for name in PLACES),
        note,
    ]
    told = "; ".join(f"{user} imports {', '.join(sorted(names))}" for user, names in sorted(uses().items()) if names)
    return picture(WIDE, TALL, "The map of edgedf", told, *(f"\n{one}" for one in content)) + "\n"


def _band(top: float, words: str, names: set[str]) -> str:
    return element(
        "g",
        element("rect", x=16, y=top, width=WIDE - 32, height=BAND, rx=8, class_="band"),
        text(WIDE / 2, top + 18, " · ".join(sorted(names)), class_="name"),
        text(WIDE / 2, top + 36, words),
    )


def _room(name: str) -> str:
    x, y = _corner(name)
    kind = "room light" if name in TORCH_FREE else "room"
    return element(
        "g",
        element("rect", x=x - WIDTH / 2, y=y, width=WIDTH, height=HEIGHT, rx=8, class_=kind),
        text(x, y + 23, name, class_="name"),
        text(x, y + 42, PLACES[name].words),
    )


def _arrow(user: str, used: str) -> str:
    (x, y), (end_x, end_y) = _corner(user), _corner(used)
    way = f"M{x:.1f},{y + HEIGHT:.1f}"
    y += HEIGHT
    if (user, used) in LANES:
        lane, passed = _across(LANES[user, used]), y - HEIGHT + ROW
        way += _bend(x, y, lane, passed) + f"V{passed + HEIGHT:.1f}"
        x, y = lane, passed + HEIGHT
    return element("path", d=way + _bend(x, y, end_x, end_y), class_="way")


def _bend(x: float, y: float, end_x: float, end_y: float) -> str:
    middle = (y + end_y) / 2
    return f"C{x:.1f},{middle:.1f} {end_x:.1f},{middle:.1f} {end_x:.1f},{end_y:.1f}"


def _corner(name: str) -> tuple[float, float]:
    """The middle of a folder's upper edge."""
    place = PLACES[name]
    return _across(place.column), HIGHEST + (3 - place.row) * ROW


def _across(column: float) -> float:
    return LEFT + column * STEP


if __name__ == "__main__":
    MAP.write_text(drawing())
