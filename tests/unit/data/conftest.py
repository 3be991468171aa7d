"""A small dataset of noise pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgedf.data.dataset import write_dataset

Picture = Callable[[Path], Path]


@pytest.fixture
def picture() -> Picture:
    """Writes a picture of its own pixels to a path."""
    rng = np.random.default_rng(0)

    def write(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(path)
        return path

    return write


@pytest.fixture
def columns() -> dict[str, list[str]]:
    """Six rows: a real and a fake in each split."""
    return {
        "path": [f"{i}.png" for i in range(6)],
        "label": ["real", "fake"] * 3,
        "split": ["train", "train", "val", "val", "test", "test"],
        "group": ["a", "a", "b", "b", "c", "d"],
        "method": ["", "swap", "", "swap", "", "swap"],
        "original": ["", "0.png", "", "2.png", "", "4.png"],
        "camera": list("uvwxyz"),
    }


@pytest.fixture
def root(tmp_path: Path, columns: dict[str, list[str]], picture: Picture) -> Path:
    """Folder of the dataset."""
    for path in columns["path"]:
        picture(tmp_path / "set" / path)
    write_dataset(tmp_path / "set", columns)
    return tmp_path / "set"
