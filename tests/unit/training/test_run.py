"""The run folder and its checkpoints."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from edgedf.errors import CheckpointError, InputError
from edgedf.nn.student import Student
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.run import latest_run, load_checkpoint, open_run, save_checkpoint


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


def test_a_foreign_checkpoint(run: Path) -> None:
    torch.save({"state_dict": {}}, run / "best_model.pth")
    with pytest.raises(CheckpointError, match="not a checkpoint of edgedf"):
        open_run(run).model()


def test_a_checkpoint_of_a_newer_edgedf_says_so(run: Path) -> None:
    torch.save({"format": "edgedf-2"}, run / "best_model.pth")
    with pytest.raises(CheckpointError, match="its format is edgedf-2, this edgedf reads edgedf-1: update edgedf"):
        open_run(run).model()


def test_a_full_disk_is_one_line_and_the_old_checkpoint_stays(run: Path) -> None:
    """Torch's own words for it are of its archive."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = (run / "best_model.pth").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"cannot write to .*: File too large; mend that"):
            save_checkpoint(run / "best_model.pth", {"weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (run / "best_model.pth").read_bytes() == before
    assert {path.name for path in run.iterdir()} == {"config.toml", "best_model.pth"}


class Bomb:
    """Runs code when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_is_refused_and_not_run(run: Path) -> None:
    trap = run / "exploded"
    (run / "best_model.pth").write_bytes(pickle.dumps(Bomb(trap)))
    with pytest.raises(CheckpointError, match="pickle"):
        open_run(run).model()
    torch.save({"format": "edgedf-1", "weights": Bomb(trap)}, run / "best_model.pth")
    with pytest.raises(CheckpointError, match="pickle"):
        open_run(run).model()
    assert not trap.exists()


def test_a_cut_off_file(run: Path) -> None:
    file = run / "best_model.pth"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(file)


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
