"""Networks from a configuration, and the weights they start from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from edgedf.errors import CheckpointError, ConfigError
from edgedf.training import models
from edgedf.training.checkpoints import save_checkpoint
from edgedf.training.config import TrainConfig
from edgedf.training.models import build_model, load_pretrained


def test_an_unknown_size_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="nano, small, medium, base"):
        build_model(TrainConfig(role="student", size="huge"))


@pytest.mark.parametrize("role", ["teacher", "student", "baseline"])
def test_a_network_starts_from_kept_weights(role: str, tmp_path: Path) -> None:
    file = str(tmp_path / "kept.safetensors")
    config = TrainConfig.from_dict({"role": role, "size": "nano", "trunk": "efficientnet_b0", "weights": file})
    first, second = build_model(config), build_model(config)
    halves = {name: v.half() if v.is_floating_point() else v for name, v in first.state_dict().items()}
    save_file(halves, file)
    load_pretrained(second, config)
    for name, value in first.state_dict().items():
        assert torch.allclose(second.state_dict()[name].float(), value.float(), atol=1e-3), name


def test_a_network_starts_from_a_run(tmp_path: Path) -> None:
    config = TrainConfig.from_dict({"role": "student", "size": "nano", "weights": str(tmp_path)})
    with pytest.raises(CheckpointError, match=r"no finished run to start from: it has no final_model.pth"):
        load_pretrained(build_model(config), config)
    for foreign in ({}, {"weights": 3}):
        save_checkpoint(tmp_path / "final_model.pth", foreign)
        with pytest.raises(CheckpointError, match=r"final_model.pth: holds no weights"):
            load_pretrained(build_model(config), config)
    first, second = build_model(config), build_model(config)
    save_checkpoint(tmp_path / "final_model.pth", {"weights": first.state_dict()})
    assert load_pretrained(second, config) == tmp_path.name
    assert all(torch.equal(second.state_dict()[name], value) for name, value in first.state_dict().items())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    for role in ("teacher", "student", "baseline"):
        values = {"role": role, "trunk": "efficientnet_b0", "weights": str(tmp_path / "x.safetensors")}
        config = TrainConfig.from_dict(values)
        with pytest.raises(CheckpointError, match=f"do not fit the {role}"):
            load_pretrained(build_model(config), config)


def test_no_weights_at_hand_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(models, "published_weights", lambda name: None)
    config = TrainConfig(trunk="efficientnet_b0")
    assert load_pretrained(build_model(config), config) == "random weights"
    assert "warning: no ImageNet weights of efficientnet_b0" in capsys.readouterr().out


def test_a_student_needs_no_published_weights(capsys: pytest.CaptureFixture[str]) -> None:
    config = TrainConfig(role="student", size="nano")
    assert load_pretrained(build_model(config), config) == "random weights"
    assert capsys.readouterr().out == ""
