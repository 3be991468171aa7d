"""What became of each epoch, as a table and as curves."""

import csv
import io
from pathlib import Path
from typing import Any

from edgedf.extras import need
from edgedf.files import replacing, write_text

PANELS = (("train_loss",), ("auc",), ("f1", "precision", "recall"))


def write_metrics(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes `metrics.csv`, one row an epoch."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def plot_curves(path: Path, rows: list[dict[str, Any]]) -> None:
    """Draws loss, AUC and F1 with precision and recall over the epochs, as PNG."""
    need("matplotlib", "train")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.5), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for axes, names in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for name in names:
            axes.plot(epochs, [row[name] for row in rows], marker=".", label=name)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=100)
