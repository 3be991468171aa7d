"""Runs that are there."""

import os
from pathlib import Path

import pytest

from edgedf.errors import CheckpointError
from edgedf.nn.student import Student
from edgedf.training.checkpoints import save_checkpoint
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.run import latest_run, open_run


@pytest.fixture
def run(tmp_path: Path, config: DistillConfig) -> Path:
    (tmp_path / "config.toml").write_text(config.to_toml())
    save_checkpoint(tmp_path / "best_model.pth", {"weights": Student("nano").state_dict(), "threshold": 0.5})
    return tmp_path


def test_a_run_gives_its_network_back(run: Path) -> None:
    opened = open_run(run)
    assert opened.kind == "student" and not opened.model().training
    assert opened.checkpoint()["threshold"] == 0.5


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run"):
        open_run(tmp_path)


def test_weights_of_another_network(run: Path) -> None:
    save_checkpoint(run / "best_model.pth", {"weights": Student("small").state_dict()})
    with pytest.raises(CheckpointError, match="do not fit"):
        open_run(run).model()


def test_the_newest_finished_run_of_a_role(tmp_path: Path, config: DistillConfig) -> None:
    """Not one in training, not a student's comparison, not another role's, and nothing that is no run."""
    assert latest_run(tmp_path / "runs", "student") is None
    made = {
        "old": config.to_toml(),
        "new": config.to_toml(),
        "new/without_teacher": config.plain().to_toml(),
        "teacher": TrainConfig(role="teacher").to_toml(),
        "training": config.to_toml(),
        "broken": "role = 7",
    }
    for age, (name, text) in enumerate(made.items()):
        folder = tmp_path / "runs" / "mine" / name
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(text)
        (folder / "best_model.pth").touch()
        os.utime(folder / "best_model.pth", (age, age))
    (tmp_path / "runs" / "mine" / "training" / "last_checkpoint.pth").touch()
    (tmp_path / "runs" / "best_model.pth").touch()
    assert latest_run(tmp_path / "runs", "student") == tmp_path / "runs" / "mine" / "new"
    assert latest_run(tmp_path / "runs", "teacher") == tmp_path / "runs" / "mine" / "teacher"
    assert latest_run(tmp_path / "runs", "baseline") is None
    (tmp_path / "runs" / "mine" / "training" / "final_model.pth").touch()
    assert latest_run(tmp_path / "runs", "student") == tmp_path / "runs" / "mine" / "training"
