"""The picture of scores over time."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from edgedf.runtime.annotate import COLOURS
from edgedf.runtime.video.plot import LEFT, MOST, PANEL, RIGHT, TOP, WIDTH, _ticks, _tinted, draw_plot, write_plot
from edgedf.runtime.video.verdict import VideoVerdict
from tests.unit.runtime.video.films import timeline


def test_verdicts_and_scores_stand_at_their_times(tmp_path: Path) -> None:
    """A face that is real for a second and fake for the next, of a video of four."""
    face = timeline([("real", 0.1)] * 10 + [("fake", 0.9)] * 11)
    write_plot(tmp_path / "a.png", VideoVerdict(Path("a.mp4"), 0.5, 4.0, [face]))
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image)
    wide = WIDTH - LEFT - RIGHT
    row = pixels[TOP + PANEL // 3]  # above the threshold
    for share, colour in ((0.1, _tinted(COLOURS["real"])), (0.4, _tinted(COLOURS["fake"])), (0.9, (255, 255, 255))):
        assert tuple(row[LEFT + round(share * wide)]) == colour
    ink = (pixels == ImageColor.getrgb("#222222")).all(axis=2)
    low, high = (
        np.flatnonzero(ink[TOP + 22 : TOP + PANEL - 2, LEFT + round(share * wide)]) for share in (0.1016, 0.4016)
    )
    assert max(low) > 90 and min(high) < 25


def test_of_many_faces_those_seen_longest_are_drawn() -> None:
    faces = [timeline([("fake", 0.9)] * (2 + i), i + 1) for i in range(MOST + 4)]
    many = draw_plot(VideoVerdict(Path("a.mp4"), 0.5, 4.0, faces))
    assert many.height == draw_plot(VideoVerdict(Path("a.mp4"), 0.5, 4.0, faces[4:])).height
    assert many.height > draw_plot(VideoVerdict(Path("a.mp4"), 0.5, 4.0, faces[:3])).height


@pytest.mark.parametrize("seconds", [0.04, 1.0, 7.3, 60.0, 5400.0])
def test_ticks_are_round_and_few(seconds: float) -> None:
    times = list(_ticks(seconds))
    assert 4 <= len(times) <= 11 and times[0] == 0 and times[-1] <= seconds
    assert f"{times[1]:e}"[0] in "125"
