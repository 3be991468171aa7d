"""Checkpoints: whole or not at all, and nothing in them is run."""

import pickle
from pathlib import Path

import pytest
import torch

from edgedf.errors import CheckpointError, InputError
from edgedf.training.checkpoints import load_checkpoint, save_checkpoint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "best_model.pth", {"weights": {"a": torch.randn(1000)}})
    return tmp_path / "best_model.pth"


def test_a_foreign_checkpoint(file: Path) -> None:
    torch.save({"state_dict": {}}, file)
    with pytest.raises(CheckpointError, match="not a checkpoint of edgedf"):
        load_checkpoint(file)


def test_a_checkpoint_of_a_newer_edgedf_says_so(file: Path) -> None:
    torch.save({"format": "edgedf-2"}, file)
    with pytest.raises(CheckpointError, match="its format is edgedf-2, this edgedf reads edgedf-1: update edgedf"):
        load_checkpoint(file)


def test_a_full_disk_is_one_line_and_the_old_checkpoint_stays(file: Path) -> None:
    """Torch's own words for it are of its archive."""
    resource = pytest.importorskip("resource")  # not on Windows
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(InputError, match=r"cannot write to .*: File too large; mend that"):
            save_checkpoint(file, {"weights": torch.zeros(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before
    assert [*file.parent.iterdir()] == [file]


class Bomb:
    """Runs code when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def test_a_pickle_is_refused_and_not_run(file: Path) -> None:
    trap = file.with_name("exploded")
    file.write_bytes(pickle.dumps(Bomb(trap)))
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(file)
    torch.save({"format": "edgedf-1", "weights": Bomb(trap)}, file)
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(file)
    assert not trap.exists()


def test_a_cut_off_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(file)
