"""Frames of videos."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from edgedf.data.prepare import video
from edgedf.data.prepare.video import Video
from edgedf.errors import InputError
from tests.unit.data.prepare.conftest import Film

UNUSUAL = Path(__file__).with_name("ten_bit_variable_rate.mp4")  # a drawn face, 24 frames


def test_every_so_many_frames(film: Film, tmp_path: Path) -> None:
    path = film(tmp_path / "x.mp4")
    frames = list(Video(path).every(1))
    sampled = list(Video(path).every(5))
    assert [frame.number for frame in frames] == list(range(24))
    assert [frame.number for frame in sampled] == [0, 5, 10, 15, 20]
    assert all(np.array_equal(frame.image, frames[frame.number].image) for frame in sampled)


@pytest.mark.parametrize("unusual", [True, False])
def test_seeking_finds_the_frames_that_decoding_finds(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unusual: bool
) -> None:
    path = UNUSUAL if unusual else film(tmp_path / "x.mp4", frames=80)
    decoded = list(Video(path).every(7))
    monkeypatch.setattr(video, "SEEK_FROM", 5)
    sought = list(Video(path).every(7))
    assert [frame.number for frame in sought] == [frame.number for frame in decoded]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(sought, decoded, strict=True))


def test_ten_bits_at_a_variable_rate_are_read_as_others() -> None:
    """Frames are counted, not timed; none comes twice or is left out."""
    one = Video(UNUSUAL)
    frames = list(one.every(1))
    assert (len(frames), one.read, one.promised) == (24, 24, 24)
    assert frames[0].image.dtype == np.uint8
    assert all(np.abs(a.image.astype(int) - b.image).max() > 50 for a, b in itertools.pairwise(frames))


def test_what_ends_early_is_known(film: Film, tmp_path: Path) -> None:
    path = film(tmp_path / "x.avi", codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    one = Video(path)
    assert 0 < len(list(one.every(1))) < 20
    assert one.ended_early


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.mp4 is not a video that can be read"):
        Video(path)
