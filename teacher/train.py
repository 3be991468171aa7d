"""Trains a network on labels: the teacher, the baseline, or the student without a teacher.

    data -> packed pixels -> network (ImageNet weights where there are some) -> loop -> run folder

Run by `edgedf train ROLE --data DIR --out RUN`.
"""

from pathlib import Path
from typing import Any

import torch

from edgedf.console import say
from edgedf.training.config import TrainConfig
from edgedf.training.faces import load_splits
from edgedf.training.folder import claimed
from edgedf.training.loop import Trainer
from edgedf.training.losses import Supervised
from edgedf.training.models import build_model, load_pretrained


def main(config: TrainConfig, out: Path, *, resume: bool = False) -> dict[str, Any]:
    """Trains and returns the best epoch's metrics.

    Args:
        config: Everything that shapes the run.
        out: The run folder.
        resume: Continue the run in `out`.
    """
    with claimed(out, resume=resume):  # before the packing, which takes long
        train, val = load_splits(config)
        torch.manual_seed(config.seed)
        model = build_model(config)
        if not resume:
            start = load_pretrained(model, config)
            millions = sum(p.numel() for p in model.parameters()) / 1e6
            say(f"{config.role}: {millions:.2f} M parameters, starts from {start}")
        objective = Supervised.of(config, train)
        best = Trainer(model, objective, train, val, config, out).fit(resume)
        say(f"best epoch {best['epoch']}: AUC {best['auc']:.4f}, F1 {best['f1']:.4f}; run in {out}")
        return {"run": str(out), "role": config.role, "best": best}
