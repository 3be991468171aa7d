"""`teacher/average.py`: the mean of several runs is a run."""

from pathlib import Path

import pytest
import torch

from edgedf.data.drawn import draw_dataset
from edgedf.errors import ConfigError
from edgedf.nn.student import Student
from edgedf.programs import load
from edgedf.training.checkpoints import save_checkpoint
from edgedf.training.config import TrainConfig
from edgedf.training.run import open_run


def _run(folder: Path, data: Path, size: str, seed: int) -> Path:
    folder.mkdir()
    torch.manual_seed(seed)
    (folder / "config.toml").write_text(TrainConfig(role="student", size=size, data=[str(data)]).to_toml())
    save_checkpoint(folder / "best_model.pth", {"weights": Student(size).state_dict()})
    return folder


def test_the_mean_is_a_run_in_which_each_naming_counts(tmp_path: Path) -> None:
    draw_dataset(tmp_path / "faces", images=100, prevalence=0.4)
    runs = [_run(tmp_path / name, tmp_path / "faces", "nano", seed) for seed, name in enumerate("ab")]
    load("teacher/average.py").main([runs[0], runs[1], runs[1]], tmp_path / "mean")
    first, second = (open_run(run).model().state_dict() for run in runs)
    mean = open_run(tmp_path / "mean")
    for name, value in mean.model().state_dict().items():
        torch.testing.assert_close(value, ((first[name] + 2 * second[name]) / 3).to(value.dtype))
    assert 0 <= mean.checkpoint()["metrics"]["auc"] <= 1
    with pytest.raises(ConfigError, match="exists already"):
        load("teacher/average.py").main(runs, tmp_path / "mean")


def test_different_networks_have_no_mean(tmp_path: Path) -> None:
    runs = [_run(tmp_path / size, tmp_path, size, 0) for size in ("nano", "base")]
    with pytest.raises(ConfigError, match="different networks"):
        load("teacher/average.py").main(runs, tmp_path / "mean")
