"""Videos, folders and what an app hands over: every frame, in order."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.prepare.video import Video
from edgedf.errors import InputError
from edgedf.runtime import Camera, Frame
from tests.unit.runtime.live.clips import RATE, clip, number_of, picture
from tests.unit.runtime.live.http_server import MjpegServer, serving


def test_a_video_gives_every_frame(tmp_path: Path) -> None:
    path = clip(tmp_path / "x.mp4")
    with Camera(path) as camera:
        assert (camera.live, camera.name, camera.state) == (False, str(path), "connecting")
        frames = list(camera)
    assert [number_of(frame.pixels) for frame in frames] == [frame.number for frame in frames] == list(range(20))
    assert [frame.time for frame in frames] == pytest.approx([i / RATE for i in range(20)])
    assert (camera.state, camera.frames, camera.corrupt) == ("ended", 20, 0)
    assert list(camera) == []


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "size"),
    [("libx264", "yuv444p", (63, 47)), ("libx264", "yuv420p10le", (64, 48)), ("ffv1", "gray", (65, 49))],
)
def test_any_pixels_become_rgb(tmp_path: Path, codec: str, pix_fmt: str, size: tuple[int, int]) -> None:
    frames = list(Camera(clip(tmp_path / "x.mkv", 3, size, pix_fmt, codec)))
    assert [frame.pixels.shape for frame in frames] == [(size[1], size[0], 3)] * 3
    assert all(
        np.abs(frame.pixels.astype(int) - picture(i, *size))[:, 40:].max() <= 2 for i, frame in enumerate(frames)
    )


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_video_stands_upright_as_in_preparation(tmp_path: Path, rotation: int) -> None:
    path = clip(tmp_path / "x.mp4", 2, rotation=rotation)
    frame, prepared = next(iter(Camera(path))), next(Video(path).every(1))
    assert np.array_equal(frame.pixels, prepared._part(0, 0, prepared.width, prepared.height))
    assert not np.array_equal(frame.pixels[:48, :48], picture(0)[:48, :48])


def test_a_video_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    path = clip(tmp_path / "x.mkv", 50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames = [number_of(frame.pixels) for frame in Camera(path)]
    assert 5 < len(frames) < 45
    assert frames == list(range(len(frames)))


def test_a_broken_packet_is_counted_and_left_out(tmp_path: Path) -> None:
    path = clip(tmp_path / "x.avi", 20, codec="mjpeg", pix_fmt="yuvj420p")
    data = path.read_bytes()
    places = [i for i in range(len(data) - 2) if data[i : i + 3] == b"\xff\xd8\xff"]
    path.write_bytes(data[: places[10] + 4] + bytes(200) + data[places[10] + 204 :])
    with Camera(path) as camera:
        frames = [number_of(frame.pixels) for frame in camera]
    assert frames == [i for i in range(20) if i != 10]
    assert camera.corrupt == 1


def empty(path: Path) -> None:
    path.write_bytes(b"")


def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(9999))


def words(path: Path) -> None:
    path.write_text("FFmpeg draws what it takes for a terminal's text as a film.\n" * 99)


def half(path: Path) -> None:
    data = clip(path.with_suffix(".mp4")).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def larger_than_any_camera(path: Path) -> None:
    clip(path.with_suffix(".avi"), 1, (8200, 8200), "monob", "png").rename(path)


def of_no_known_codec(path: Path) -> None:
    path.write_bytes(clip(path.with_suffix(".mp4")).read_bytes().replace(b"avc1", b"zzzz"))


@pytest.mark.parametrize("make", [empty, noise, words, half, of_no_known_codec, larger_than_any_camera])
def test_what_is_no_video_is_one_line(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "x.txt"
    make(path)
    with pytest.raises(InputError, match=r"^.*x.txt is not a video that can be read \(.+\): give a video, or a folder"):
        list(Camera(path))


@pytest.mark.parametrize("source", ["nothing.mp4", "user:secret@host/x", "host/x?key=secret", "", None, 1.5])
def test_what_is_not_there_is_one_line(source: str) -> None:
    with pytest.raises(InputError, match="give a camera's number") as caught:
        Camera(source)
    assert "secret" not in str(caught.value)


def test_a_file_does_not_reach_the_network(tmp_path: Path) -> None:
    def play(number: int) -> Iterator[bytes]:
        yield b""

    with serving(MjpegServer(play)) as server:
        for name, text in [
            ("x.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{server.url}\n#EXT-X-ENDLIST\n"),
            ("x.ffconcat", f"ffconcat version 1.0\nfile '{server.url}'\n"),
        ]:
            (tmp_path / name).write_text(text)
            with pytest.raises(InputError):
                list(Camera(tmp_path / name))
        assert server.connections == 0


def test_a_folder_gives_its_pictures_by_name(tmp_path: Path) -> None:
    for i, name in enumerate(["c.png", "a.png", "b.png"]):
        Image.fromarray(picture(i)).save(tmp_path / name)
    (tmp_path / "d.png").write_bytes(b"broken")
    with Camera(tmp_path, rate=2) as camera:
        frames = list(camera)
    assert [(number_of(frame.pixels), frame.time, frame.number) for frame in frames] == [
        (1, 0, 0),
        (2, 0.5, 1),
        (0, 1, 2),
    ]
    assert camera.corrupt == 1
    with pytest.raises(InputError, match="holds no picture"):
        (tmp_path / "empty").mkdir()
        list(Camera(tmp_path / "empty"))


def test_an_app_hands_over_its_frames() -> None:
    arrays = list(Camera([picture(0), picture(1)], rate=10))
    timed = list(Camera(((picture(i), 7.0 + i * i) for i in range(3)), live=True))
    own = [Frame(picture(0), 0.0, 4), Frame(picture(1), 3.0, 9)]
    assert [(frame.time, frame.number) for frame in arrays] == [(0.0, 0), (0.1, 1)]
    assert [frame.time for frame in timed] == [7.0, 8.0, 11.0]
    assert list(Camera(own)) == own
    assert Camera(own, live=True).live


@pytest.mark.parametrize("frame", [picture(0)[..., 0], picture(0).astype(np.float32), "x.jpg", None])
def test_a_frame_of_another_kind_is_one_line(frame: NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match=r"^a frame is .*: give uint8 arrays \(H, W, 3\) in RGB"):
        list(Camera([frame]))
    with pytest.raises(InputError, match="nan is no time"):
        list(Camera([(picture(0), float("nan"))]))


def test_it_goes_on_where_its_reader_left(tmp_path: Path) -> None:
    with Camera(clip(tmp_path / "x.mp4", 5)) as camera:
        first = next(iter(camera))
        assert [frame.number for frame in [first, *camera]] == list(range(5))


def test_it_is_closed_from_another_thread() -> None:
    camera = Camera(picture(0) for _ in itertools.count())
    reader = threading.Thread(target=lambda: [None for _ in camera])
    reader.start()
    camera.close()
    reader.join(5)
    assert not reader.is_alive()
    assert camera.state == "ended"
    assert list(camera) == []


def test_a_reader_that_asks_while_it_is_closed_is_told_the_end() -> None:
    closing = threading.Event()

    def frames() -> Iterator[NDArray[np.uint8]]:
        try:
            yield picture(0)
            yield picture(1)
        finally:
            closing.set()
            time.sleep(0.1)

    camera = Camera(frames())
    next(camera)
    closer = threading.Thread(target=camera.close)
    closer.start()
    assert closing.wait(5)
    assert next(camera, None) is None
    closer.join()


@pytest.mark.parametrize("options", [{"rate": 0}, {"silent_s": 0}, {"retry_s": (2, 1)}])
def test_an_option_out_of_range_is_one_line(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="above 0"):
        Camera([], **options)  # type: ignore[arg-type]
