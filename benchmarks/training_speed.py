"""What the training loop costs beside the bare forward-backward-step on the same batch.

Blocks of steps in turn, so that a noisy machine hits both alike:

    loop   views made, moved, forward, loss, backward, clipping, optimiser, averaged weights
    bare   one ready batch: forward, loss, backward, optimiser

Run by `python benchmarks/training_speed.py teacher/student.toml --data DIR`.
"""

import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from edgedf.training.config import TrainConfig  # before torch, as in `edgedf train`: see edgedf/training/__init__.py

# isort: split
import torch
import typer

from edgedf.console import say
from edgedf.guard import run_alone
from edgedf.training.batches import Batch
from edgedf.training.faces import load_splits
from edgedf.training.loop import Trainer
from edgedf.training.losses import Supervised
from edgedf.training.models import build_model


def main(config: TrainConfig, *, rounds: int = 60, steps: int = 2) -> dict[str, Any]:
    """Measures both and prints the median of the rounds' ratios.

    Args:
        config: Of the run to time; nothing of it is kept.
        rounds: Blocks of each.
        steps: In a block.
    """
    train, val = load_splits(config)
    with tempfile.TemporaryDirectory() as out:
        trainer = Trainer(build_model(config), Supervised(), train, val, config, Path(out))
        trainer.stepper.learner.train()
        ready = itertools.chain.from_iterable(trainer.steps(epoch) for epoch in itertools.count())
        batch = next(trainer.batches.epoch(0)).to(trainer.fabric.device)
        if trainer.batches.ahead:
            steps *= 20  # a block must outlast the batches that were made ahead during the other
        loop, bare = [], []
        for _ in range(rounds + 1):
            loop.append(_seconds(lambda: _loop(trainer, ready, steps)))
            bare.append(_seconds(lambda: _bare(trainer, batch, steps)))
    images = steps * config.batch_size
    loop, bare = loop[1:], bare[1:]  # the first round warms up
    # A ratio a round, so that a machine whose speed drifts does not change it.
    ratios = [b / a for a, b in zip(loop, bare, strict=True)]
    result = {
        "loop_images_per_second": round(images / statistics.median(loop), 1),
        "bare_images_per_second": round(images / statistics.median(bare), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_quartiles": [round(value, 3) for value in statistics.quantiles(ratios, n=4)[::2]],
        "rounds": rounds,
        "threads": torch.get_num_threads(),
    }
    say(json.dumps(result))
    return result


def timed(config: Path, data: Annotated[list[Path], typer.Option()]) -> dict[str, Any]:
    """Times a configuration on datasets."""
    return main(TrainConfig.load(config, {"data": [str(folder) for folder in data]}))


def _loop(trainer: Trainer, ready: Iterator[list[Batch]], steps: int) -> None:
    for parts in itertools.islice(ready, steps):
        trainer.stepper.step(parts)


def _bare(trainer: Trainer, batch: Batch, steps: int) -> None:
    for _ in range(steps):
        trainer.stepper.optimizer.zero_grad(set_to_none=True)
        trainer.fabric.backward(trainer.stepper.learner(batch)["loss"])
        trainer.stepper.optimizer.step()


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    run_alone(timed)
