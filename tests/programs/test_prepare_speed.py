"""The comparison of preparing with a plain loop."""

from pathlib import Path

import cv2
import pytest

from edgedf.data.dataset import write_dataset
from edgedf.data.drawn import draw_dataset
from edgedf.faces.crop import read_image
from edgedf.programs import load
from tests.unit.data.prepare.conftest import scene


@pytest.mark.parametrize("photos", [False, True])
def test_it_finds_what_the_plain_loop_finds(tmp_path: Path, photos: bool) -> None:
    draw_dataset(tmp_path / "drawn", 2)
    [path] = (tmp_path / "drawn" / "real").iterdir()
    face = read_image(path)[::2, ::2]
    writer = cv2.VideoWriter(str(tmp_path / "x.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    for i in range(20):
        writer.write(scene([face], i)[..., ::-1])
    writer.release()
    cells = {"path": "x.mp4", "label": "real", "split": "train", "group": "x"}
    write_dataset(tmp_path, {name: [cell] for name, cell in cells.items()})
    result = load("benchmarks/prepare_speed.py").main(tmp_path, every=5, photos=photos, blocks=1, plain=1)
    assert result["prepare"]["faces"] == result["plain"]["faces"] == result["reference_faces"] == (2 if photos else 4)
    assert result["recall"] == 1
    assert sum(result["stages"].values()) == pytest.approx(1, abs=0.01)
