"""What `soak.py` saw, as a picture: `python benchmarks/soak_plot.py soak.json soak.png`.

Memory, threads and open files, latency, dropped frames, and what else the machine did, over time.
"""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from edgedf.console import say
from edgedf.errors import InputError
from edgedf.files import replacing
from edgedf.guard import run_alone

PANELS: dict[str, dict[str, Callable[[dict[str, Any]], float]]] = {
    "resident memory, MB": {"memory": lambda one: one["bytes"] / 2**20},
    "open": {"threads": lambda one: one["threads"], "files": lambda one: one["files"]},
    "capture to event, ms": {"p50": lambda one: one["p50_ms"], "p95": lambda one: one["p95_ms"]},
    "frames dropped, of a thousand": {"so far": lambda one: 1000 * one["dropped"] / (one["frames"] + one["dropped"])},
    "processes that want a core": {"whole machine": lambda one: one["load"]},
}


def main(record: Path, out: Path) -> dict[str, Any]:
    """Draws a panel for each figure.

    Args:
        record: JSON file that `soak.py --out` wrote.
        out: PNG file to write.

    Returns:
        Hours and frames that it shows.

    Raises:
        InputError: There is no such record.
    """
    try:
        content = json.loads(record.read_text())
        samples = content["samples"]
        hours = np.array([one["seconds"] for one in samples]) / 3600
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{record} is not what soak.py --out writes") from error
    figure = Figure(figsize=(9, 9), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(len(PANELS), 1, sharex=True), PANELS.items(), strict=True):
        _panel(axes, title, hours, {name: [value(one) for one in samples] for name, value in lines.items()})
    axes.set_xlabel("hours")
    pace = f"{content['pace']:g} frames/s" if content["pace"] else "as fast as it goes"
    figure.suptitle(f"{samples[-1]['frames']:,} frames in {hours[-1]:.2f} hours, {pace}; {content['cpu']}")
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=80)
    with Image.open(drawn) as image, replacing(out) as beside:
        image.convert("P").save(beside, "PNG")  # the pixels alone
    say(f"wrote {out}")
    return {"hours": float(hours[-1]), "frames": samples[-1]["frames"]}


def _panel(axes: Axes, title: str, hours: NDArray[np.float64], lines: dict[str, list[float]]) -> None:
    for name, values in lines.items():
        axes.plot(hours, values, label=name)
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylim(0, 1.3 * max(max(values) for values in lines.values()) or 1)  # room for the legend
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", ncols=2)


if __name__ == "__main__":
    run_alone(main)
