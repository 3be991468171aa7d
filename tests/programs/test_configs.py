"""Every shipped configuration is one that its program takes."""

from pathlib import Path

import pytest

from edgedf import programs
from edgedf.training.config import DistillConfig, TrainConfig

KINDS = {"teacher": TrainConfig, "student": DistillConfig}
FILES = [path for folder in KINDS for path in sorted((programs.root() / folder).glob("*.toml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_shipped_configuration_loads_and_survives_writing(path: Path, tmp_path: Path) -> None:
    config = KINDS[path.parent.name].load(path)
    (tmp_path / "written.toml").write_text(config.to_toml())
    assert type(config).load(tmp_path / "written.toml") == config
