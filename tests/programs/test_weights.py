"""Weights kept for later work."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from edgedf.nn.student import Student
from edgedf.programs import load
from edgedf.training.config import TrainConfig
from edgedf.training.run import save_checkpoint


@pytest.fixture
def run(tmp_path: Path) -> Path:
    out = tmp_path / "run"
    out.mkdir()
    (out / "config.toml").write_text(TrainConfig(role="student", size="nano", data=["/home/someone"]).to_toml())
    save_checkpoint(out / "best_model.pth", {"weights": Student("nano").state_dict(), "metrics": {"auc": 0.5}})
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
