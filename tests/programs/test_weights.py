"""Weights kept for later work."""

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from edgedf import programs
from edgedf.errors import CheckpointError, ConfigError
from edgedf.nn.student import Student
from edgedf.programs import load
from edgedf.training.checkpoints import save_checkpoint
from edgedf.training.config import TrainConfig
from edgedf.training.run import open_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.toml").write_text(TrainConfig(role="student", size="nano", data=["/home/someone"]).to_toml())
    metrics = {"auc": 0.5, "threshold": 0.3}
    kept = {"weights": Student("nano").state_dict(), "metrics": metrics, "threshold": 0.3, "rule": "f1"}
    save_checkpoint(out / "best_model.pth", {**kept, "trained_on": ["some"], "fitted_on": ["others"]})
    return out


def test_a_run_becomes_half_precision_safetensors_without_paths(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "nano.safetensors"
    load("export/weights.py").main(run, file)
    with safe_open(file, "pt") as kept:
        names = kept.keys()
        assert all(kept.get_tensor(name).dtype in (torch.float16, torch.int64) for name in names)
        assert kept.metadata()["role"] == "student"
        assert "someone" not in str(kept.metadata())
    assert set(names) == set(Student("nano").state_dict())


def test_the_file_stands_for_the_run(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "nano.safetensors"
    load("export/weights.py").main(run, file)
    one, other = open_run(run), open_run(file)
    assert (other.kind, other.name, other.config) == (one.kind, file.name, dataclasses.replace(one.config, data=[]))
    assert {key: value for key, value in other.checkpoint().items() if key != "weights"} == {
        key: value for key, value in one.checkpoint().items() if key not in ("weights", "format")
    }
    pixels = torch.randint(0, 256, (2, 256, 256, 3), dtype=torch.uint8)
    assert torch.allclose(one.model()(pixels).logit, other.model()(pixels).logit, atol=0.02)


@pytest.mark.parametrize("content", [None, b"", b"no weights", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "x.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.safetensors: (no such|not the) weights"):
        open_run(file)


def test_the_default_teacher_is_the_one_of_the_clone(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distill = load("student/distill.py")
    monkeypatch.setattr(programs, "root", lambda: tmp_path)
    with pytest.raises(ConfigError, match="no default teacher here"):
        distill.open_teacher("default")
    file = tmp_path / "teacher" / "weights" / "x.safetensors"
    load("export/weights.py").main(run, file)
    assert distill.open_teacher("default").path == file


def test_a_clone_brings_a_teacher() -> None:
    teacher = load("student/distill.py").open_teacher("default")
    assert (teacher.kind, teacher.config.trunk) == ("teacher", "efficientnet_lite2")
    assert teacher.model().training is False and teacher.file().stat().st_size < 26e6
