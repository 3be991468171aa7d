"""Training through the command line: killed, and over several processes."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from edgedf.data.drawn import draw_dataset
from edgedf.training.checkpoints import load_checkpoint, load_last
from edgedf.training.folder import begun

SMALL = ["size=nano", "batch_size=8", "views=2", "epochs=2", "save_minutes=0", "pairs=true", "forge=.5", "degrade=.5"]
TIMING = ("seconds", "images_per_second")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn")
    draw_dataset(root, images=60, prevalence=0.4, seed=0)
    return root


def command(data: Path, out: Path, *options: str, settings: list[str] = SMALL) -> list[str]:
    changes = [word for setting in settings for word in ("--set", setting)]
    return ["-m", "edgedf", "train", "student", "--data", str(data), "--out", str(out), *changes, *options]


def run(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr[-4000:]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "metrics.csv").open() as file:
        return [{k: v for k, v in row.items() if k not in TIMING} for row in csv.DictReader(file)]


def kill_in_mid_epoch(arguments: list[str], out: Path) -> None:
    """Starts a training and kills it as soon as a step of the second epoch is saved."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment())
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            # Not the file itself, which is away for a moment whenever a newer one takes its place.
            if begun(out) and (now := load_last(out)["progress"])["epoch"] == 1 and now["step"] >= 1:
                return
            time.sleep(0.01)
        pytest.fail("the training ended before it could be killed")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_killed_in_mid_epoch_and_resumed_gives_the_same_metrics(drawn: Path, tmp_path: Path) -> None:
    """Apart from seconds and images per second, `metrics.csv` is that of the uninterrupted run.

    `--resume` needs no option repeated: the run knows its configuration.
    """
    run(command(drawn, tmp_path / "whole"))
    kill_in_mid_epoch(command(drawn, tmp_path / "killed"), tmp_path / "killed")
    assert len(rows(tmp_path / "killed")) == 1
    run(command(drawn, tmp_path / "killed", "--resume", settings=[]))
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


def test_two_processes_agree_with_one_that_accumulates(drawn: Path, tmp_path: Path) -> None:
    """`torchrun` with 2 processes, against 1 process on the same half-batches, norms frozen."""
    settings = [*SMALL[:3], "epochs=1", "freeze_norm=true", "learning_rate=1e-4"]
    run(command(drawn, tmp_path / "one", settings=[*settings, "accumulate=2"]))
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run([*launcher, *command(drawn, tmp_path / "two", settings=settings)])
    one, two = (load_checkpoint(tmp_path / name / "last_checkpoint.pth") for name in ("one", "two"))
    rows_of = [found["progress"]["rows"][0] for found in (one, two)]
    assert rows_of[0]["train_loss"] == pytest.approx(rows_of[1]["train_loss"], rel=1e-4)
    for name, weights in one["learner"].items():
        assert torch.allclose(weights, two["learner"][name], atol=2e-5), name
