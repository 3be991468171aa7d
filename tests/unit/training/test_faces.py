"""The faces of a configuration."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgedf.data.drawn import draw_dataset
from edgedf.errors import DatasetError
from edgedf.training.config import TrainConfig
from edgedf.training.faces import load_splits


def test_broken_pictures_stop_it_or_are_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row without its file and a file that is no picture."""
    dataset = draw_dataset(tmp_path, images=60, prevalence=0.4, seed=0).split("train")
    config = TrainConfig(role="student", data=[str(tmp_path)])
    dataset.paths[1].write_bytes(b"broken")
    with pytest.raises(DatasetError, match="1 broken picture"):
        load_splits(config)
    dataset.paths[0].unlink()
    with pytest.raises(DatasetError, match="1 broken row"):
        load_splits(config)
    train, _ = load_splits(replace(config, skip_broken=True))
    assert train.paths == dataset.columns["path"][2:]
    said = capsys.readouterr().out
    for i in (0, 1):
        assert f"skipped row {dataset.rows[i]}: {dataset.columns['path'][i]}: " in said
