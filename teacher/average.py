"""Averages the weights of several runs into one: flatter, and better on new faces, than each of them.

    runs of one network, each trained on from another's weights -> mean of their weights -> val -> a run of its own

Run by `python teacher/average.py RUN... OUT`; a run named twice counts twice. What is averaged must share a beginning:
Wortsman et al., "Model soups" (ICML 2022).
"""

from pathlib import Path
from typing import Any

import torch

from edgedf.console import say
from edgedf.errors import ConfigError
from edgedf.files import write_text
from edgedf.guard import run_alone
from edgedf.training.checkpoints import fingerprints_of, save_model
from edgedf.training.evaluation import evaluate_epoch
from edgedf.training.faces import load_splits
from edgedf.training.history import write_metrics
from edgedf.training.models import build_model
from edgedf.training.predict import logits
from edgedf.training.run import open_run


def main(sources: list[Path], out: Path) -> dict[str, Any]:
    """Writes the run of the mean and returns its val metrics.

    Args:
        sources: Folders of the runs; the first one's configuration, its image size above all, is kept.
        out: The new run's folder.
    """
    if out.exists():
        raise ConfigError(f"{out} exists already: name another folder for the mean")
    runs = [open_run(source) for source in sources]
    states = [run.model().state_dict() for run in runs]
    shapes = [{name: value.shape for name, value in state.items()} for state in states]
    if any(one != shapes[0] for one in shapes):
        raise ConfigError("these runs are of different networks: average runs of one")
    config = runs[0].config
    train, val = load_splits(config)
    model = build_model(config).eval()
    # Counters of batches are whole numbers, which a mean would not be.
    floats = {name for name, value in states[0].items() if value.is_floating_point()}
    model.load_state_dict(
        {
            name: torch.stack([s[name] for s in states]).mean(0) if name in floats else states[0][name]
            for name in states[0]
        }
    )
    row = {"epoch": 0} | evaluate_epoch(logits(model, val.pixels), val, config)
    write_text(out / "config.toml", config.to_toml())
    write_metrics(out / "metrics.csv", [row])
    faces = fingerprints_of(train, val)
    for which in ("best", "final"):
        save_model(out, which, model, row, config.threshold_rule, faces)
    say(f"mean of {len(runs)} runs: AUC {row['auc']:.4f}, F1 {row['f1']:.4f}; run in {out}")
    return {"run": str(out), "metrics": row}


if __name__ == "__main__":
    run_alone(main)
