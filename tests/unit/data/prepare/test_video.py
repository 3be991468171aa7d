"""Frames of videos."""

import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edgedf.data.prepare.frame import Frame, PlanarFrame
from edgedf.data.prepare.video import Video
from edgedf.errors import InputError
from edgedf.faces.crop import CropRule
from tests.unit.data.prepare.conftest import Film, Picture
from tests.unit.runtime.live.clips import clip

UNUSUAL = Path(__file__).with_name("ten_bit_variable_rate.mp4")  # a drawn face, 24 frames


def pixels(frame: Frame) -> Picture:
    return frame._part(0, 0, frame.width, frame.height)


def test_every_so_many_frames(film: Film, tmp_path: Path) -> None:
    path = film(tmp_path / "x.mp4")
    frames = list(Video(path).every(1))
    sampled = list(Video(path).every(5))
    assert [frame.number for frame in frames] == list(range(24))
    assert [frame.number for frame in sampled] == [0, 5, 10, 15, 20]
    assert all(np.array_equal(pixels(frame), pixels(frames[frame.number])) for frame in sampled)


@pytest.mark.parametrize("options", ["bframes=3:keyint=10:open-gop=1", "bframes=0:keyint=10", "bframes=3:keyint=250"])
@pytest.mark.parametrize("step", [3, 7, 25])
def test_what_is_passed_by_changes_no_wanted_frame(h264: Film, tmp_path: Path, options: str, step: int) -> None:
    """Frames that no other refers to, and groups of pictures in which no frame is wanted."""
    path = h264(tmp_path / "x.mp4", options)
    every = list(Video(path).every(1))
    wanted = list(Video(path).every(step))
    assert len(every) == 60
    assert [frame.number for frame in wanted] == list(range(0, 60, step))
    assert all(np.array_equal(pixels(frame), pixels(every[frame.number])) for frame in wanted)


def test_groups_without_a_wanted_frame_are_not_decoded(h264: Film, tmp_path: Path) -> None:
    one = Video(h264(tmp_path / "x.mp4", "keyint=10:scenecut=0"))
    decoded = []
    frames = one._frames
    one._frames = lambda decoder, packet: decoded.append(packet) or frames(decoder, packet)  # type: ignore[method-assign,func-returns-value]
    assert [frame.number for frame in one.every(30)] == [0, 30]
    assert sum(packet is not None for packet in decoded) == 20


def test_frames_are_those_that_opencv_reads(h264: Film, tmp_path: Path) -> None:
    """The camera may read through OpenCV what was prepared through PyAV."""
    path = h264(tmp_path / "x.mp4", "bframes=3")
    film = cv2.VideoCapture(str(path))
    for frame in Video(path).every(1):
        assert np.array_equal(pixels(frame), film.read()[1][..., ::-1])


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_a_part_of_a_frame_is_that_of_the_whole(h264: Film, tmp_path: Path, pix_fmt: str) -> None:
    """Only the part is turned into RGB; the square is the same to one level, at the edges of the frame too."""
    path, rule = h264(tmp_path / "x.mp4", "bframes=0", pix_fmt=pix_fmt), CropRule()
    frame = next(Video(path).every(1))
    assert isinstance(frame, PlanarFrame)
    for square in [(0.0, 0.0, 240.0), (100.3, 80.1, 57.7), (263.0, 183.0, 57.0)]:
        assert np.allclose(frame.cut(rule, square), rule.cut_square(pixels(frame), square), atol=1)


def test_a_turned_video_is_set_upright(h264: Film, tmp_path: Path) -> None:
    upright, turned = h264(tmp_path / "x.mp4", "bframes=0"), h264(tmp_path / "y.mp4", "bframes=0", rotation=90)
    film = cv2.VideoCapture(str(turned))
    frame = next(Video(turned).every(1))
    assert np.array_equal(pixels(frame), film.read()[1][..., ::-1])
    assert (frame.width, frame.height) == (240, 320)
    assert not np.array_equal(pixels(frame)[:240, :240], pixels(next(Video(upright).every(1)))[:240, :240])


def test_a_broken_packet_costs_its_frames_and_no_others(h264: Film, tmp_path: Path) -> None:
    path = h264(tmp_path / "x.mp4", "keyint=10:bframes=0:scenecut=0")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        broken = [packet for packet in container.demux(video=0) if packet.size][20]
    assert broken.pos is not None
    data[broken.pos + 8 : broken.pos + broken.size] = bytes(broken.size - 8)
    path.write_bytes(data)
    numbers = [frame.number for frame in Video(path).every(1)]
    assert set(range(60)) - set(numbers) <= set(range(20, 30))
    assert len(numbers) < 60


def test_ten_bits_at_a_variable_rate_are_read_as_others() -> None:
    """Frames are counted, not timed; none comes twice or is left out."""
    one = Video(UNUSUAL)
    frames = list(one.every(1))
    assert (len(frames), one.read, one.promised) == (24, 24, 24)
    assert pixels(frames[0]).dtype == np.uint8
    assert all(np.abs(pixels(a).astype(int) - pixels(b)).max() > 50 for a, b in itertools.pairwise(frames))


def test_what_ends_early_is_known(film: Film, tmp_path: Path) -> None:
    path = film(tmp_path / "x.avi", codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    one = Video(path)
    assert 0 < len(list(one.every(1))) < 20
    assert one.ended_early


def test_half_a_picture_is_no_frame(tmp_path: Path) -> None:
    """FFmpeg would fill the rest with grey."""
    path = clip(tmp_path / "x.avi", 20, codec="mjpeg", pix_fmt="yuvj420p")
    data = path.read_bytes()
    places = [i for i in range(len(data) - 2) if data[i : i + 3] == b"\xff\xd8\xff"]
    path.write_bytes(data[: places[11] - 80] + np.random.default_rng(0).bytes(60) + data[places[11] - 20 :])
    assert [frame.number for frame in Video(path).every(1)] == [i for i in range(20) if i != 10]


def test_a_text_is_no_film(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("FFmpeg draws what it takes for a terminal's text as a film.\n" * 99)
    with pytest.raises(InputError, match="there are no pictures in it"):
        Video(tmp_path / "x.txt")


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.mp4 is not a video that can be read"):
        Video(path)


def test_pictures_of_no_known_kind_are_refused(h264: Film, tmp_path: Path) -> None:
    path = h264(tmp_path / "x.mp4", "keyint=9")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(InputError, match="its pictures are of no known kind"):
        Video(path)


def test_frames_larger_than_any_camera_are_not_decoded(tmp_path: Path) -> None:
    """A few kilobytes would take a gigabyte."""
    path = clip(tmp_path / "x.avi", 1, (8200, 8200), "monob", "png")
    assert list(Video(path).every(1)) == []


def test_a_title_that_is_no_text_is_no_obstacle(h264: Film, tmp_path: Path) -> None:
    path = h264(tmp_path / "x.mp4", "keyint=9")
    assert b"Lavf" in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xff\xfe\xff\xfe"))
    assert len(list(Video(path).every(10))) == 6
