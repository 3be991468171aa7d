"""`benchmarks/watch_speed.py` measures every loop on the same frames; how fast they are is no matter of a test."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedf.data.drawn import draw_face
from edgedf.errors import InputError
from edgedf.programs import load


def test_it_measures_all_loops_and_a_cameras_pace(tmp_path: Path) -> None:
    pytest.importorskip("av")
    face = draw_face(np.random.default_rng(0), fake=False)
    writer = cv2.VideoWriter(str(tmp_path / "x.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 256))
    for i in range(12):
        frame = np.full((256, 320, 3), 90, np.uint8)
        frame[:, 2 * i : 2 * i + 256] = face[..., ::-1]
        writer.write(frame)
    writer.release()
    result = load("benchmarks/watch_speed.py").main(tmp_path, frames=10)
    assert result["frames_per_second"].keys() == {"watcher", "plain, yunet", "plain, retinaface"}
    assert all(speed > 0 for speed in result["frames_per_second"].values())
    paced = result["paced"]
    assert paced["frames"] == 10 and paced["faces"] == 1 and 0 <= paced["dropped"] < 10
    assert 0 < paced["latency_ms"]["p50"] <= paced["latency_ms"]["p95"] <= paced["latency_ms"]["p99"]
    assert paced["share_of_a_core"]["detect"] > 0


def test_a_folder_without_videos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no video"):
        load("benchmarks/watch_speed.py").main(tmp_path)
