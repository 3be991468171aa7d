"""Live sources: lost and found again."""

import errno
import itertools
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import pytest

from edgedf.errors import InputError
from edgedf.faces import container as containers
from edgedf.runtime import Camera, Frame
from edgedf.runtime.live import stream
from tests.unit.runtime.live.clips import clip, jpeg, number_of
from tests.unit.runtime.live.http_server import MjpegServer, Play, serving
from tests.unit.runtime.live.rtsp_server import h264, rtsp_server

quick = partial(Camera, silent_s=2, retry_s=(0.02, 0.05))

PACE = 0.03  # seconds between two frames of a made camera


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    left = [thread for thread in threading.enumerate() if thread.name.startswith("camera ")]
    for thread in left:
        thread.join(5)
    assert not any(thread.is_alive() for thread in left)


def paced(bodies: list[bytes]) -> Iterator[bytes]:
    for body in bodies:
        yield body
        time.sleep(PACE)


def taken(camera: Camera, enough: int) -> list[Frame]:
    """So many frames, whose times and numbers rise."""
    frames = list(itertools.islice(camera, enough))
    assert all(a.time < b.time and a.number < b.number for a, b in itertools.pairwise(frames))
    return frames


def test_a_stream_that_dies_is_opened_anew(caplog: pytest.LogCaptureFixture) -> None:
    """With its password nowhere but on the wire."""
    caplog.set_level(logging.DEBUG)
    with serving(MjpegServer(lambda number: paced([jpeg(i) for i in range(10)]))) as server:
        with quick(server.url) as camera:
            assert camera.live
            assert "connecting" in repr(camera)
            frames = taken(camera, 25)
            assert "playing" in repr(camera)
        assert server.connections >= 3
    assert camera.reconnects >= 2
    assert camera.frames > frames[-1].number
    assert camera.state == "ended"
    assert camera.name == f"http://127.0.0.1:{server.server_port}/video"
    assert f"{camera.name}: {camera.problem}; trying again" in caplog.text
    assert "secret" not in f"{caplog.text} {camera} {camera.problem} {vars(camera)}"


def frozen(number: int) -> Iterator[bytes]:
    yield from paced([jpeg(i) for i in range(40 if number else 5)])
    threading.Event().wait(60)


def trickling(number: int) -> Iterator[bytes]:
    """The connection lives, and no frame comes."""
    yield from paced([jpeg(i) for i in range(40 if number else 5)])
    while number == 0:
        yield b"."
        time.sleep(PACE)


@pytest.mark.parametrize("play", [frozen, trickling])
def test_a_silent_stream_is_opened_anew(play: Play) -> None:
    with serving(MjpegServer(play)) as server, quick(server.url, silent_s=0.8) as camera:
        frames = taken(camera, 8)
        assert camera.reconnects == 1
        assert max(b.time - a.time for a, b in itertools.pairwise(frames)) > 0.5


def test_broken_packets_are_counted_and_left_out() -> None:
    good = [jpeg(i) for i in range(12)]
    half = good[5][: len(good[5]) // 2]

    def play(number: int) -> Iterator[bytes]:
        yield from paced([*good[:5], half, b"rubbish", *good[6:]])
        threading.Event().wait(60)

    with serving(MjpegServer(play)) as server, quick(server.url) as camera:
        seen = [number_of(frame.pixels) for frame in itertools.takewhile(lambda frame: frame.number < 9, camera)]
        assert camera.corrupt >= 2
        assert camera.reconnects == 0
    assert 5 not in seen
    assert max(seen) > 6


def test_the_size_may_change() -> None:
    sizes = [(64, 48), (160, 120), (32, 32)]
    bodies = [jpeg(0, *size) for size in sizes for _ in range(6)]
    with serving(MjpegServer(lambda number: paced(bodies))) as server, quick(server.url) as camera:
        seen = {frame.pixels.shape for frame in taken(camera, 16)}
        assert camera.reconnects <= 1
    assert seen == {(height, width, 3) for width, height in sizes}


def test_a_slow_reader_gets_the_newest_frame() -> None:
    with (
        serving(MjpegServer(lambda number: paced([jpeg(i) for i in range(40)]))) as server,
        quick(server.url) as camera,
    ):
        first = next(iter(camera))
        time.sleep(15 * PACE)
        second = next(iter(camera))
    assert second.number - first.number > 3


def test_closing_ends_the_wait_for_a_frame() -> None:
    with serving(MjpegServer(frozen)) as server:
        camera = quick(server.url)
        reader = threading.Thread(target=lambda: [None for _ in camera])
        reader.start()
        while camera.frames < 5 and reader.is_alive():
            time.sleep(0.01)
        began = time.monotonic()
        camera.close()
        reader.join(5)
        assert not reader.is_alive()
        assert time.monotonic() - began < 1.5
    assert camera.state == "ended"


@pytest.mark.parametrize("url", ["http://user:secret@127.0.0.1:9/x?secret", "rtsp://user:secret@127.0.0.1:9/x"])
def test_a_stream_that_never_comes_is_given_up_after_so_many_tries(url: str) -> None:
    with pytest.raises(InputError, match=r"127.0.0.1:9/x gives no pictures: Connection refused") as caught:
        list(quick(url, retries=2))
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_lost_stream_that_does_not_come_back_ends() -> None:
    with serving(MjpegServer(lambda number: paced([jpeg(i) for i in range(5 if number == 0 else 0)]))) as server:
        camera = quick(server.url, retries=2)
        assert 0 < len(list(camera)) <= 5
        assert server.connections == 3
    assert (camera.state, camera.reconnects) == ("ended", 0)


def test_waits_grow_up_to_their_bound_and_differ() -> None:
    camera = Camera("rtsp://host/x", retry_s=(1, 8))
    waits = [[camera._wait(tries) for _ in range(20)] for tries in (1, 2, 3, 4, 5, 5000)]
    for longest, some in zip([1, 2, 4, 8, 8, 8], waits, strict=True):
        assert longest / 2 <= min(some) < max(some) <= longest


def test_an_rtsp_camera_is_killed_and_started_again() -> None:
    """With its clock at another time."""
    pictures = h264(30)
    with rtsp_server(pictures, begins=2**31) as port:
        camera = quick(f"rtsp://user:secret@127.0.0.1:{port}/live?channel=1")
        frames = taken(camera, 20)
    assert {number_of(frame.pixels) for frame in frames} <= set(range(30))
    assert 0.3 < frames[-1].time - frames[0].time < 5
    with rtsp_server(pictures, port, begins=5):
        more = taken(camera, 20)
        assert camera.reconnects == 1
        camera.close()
    assert more[0].time > frames[-1].time
    assert repr(camera) == f"Camera('rtsp://127.0.0.1:{port}/live', ended)"


def test_a_network_stream_reaches_no_file(tmp_path: Path) -> None:
    clip(tmp_path / "x.ts")
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.8,\n{}\n#EXT-X-ENDLIST\n"
    (tmp_path / "good.m3u8").write_text(playlist.format("x.ts"))
    (tmp_path / "bad.m3u8").write_text(playlist.format((tmp_path / "x.ts").as_uri()))

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        assert list(quick(f"{url}/good.m3u8", retries=0))
        with pytest.raises(InputError, match="gives no pictures"):
            list(quick(f"{url}/bad.m3u8", retries=0))


class Hanging:
    """A device that gives nothing, as one opened without blocking says."""

    def __init__(self, container: Any) -> None:
        self.streams, self.format = container.streams, container.format

    def demux(self) -> Iterator[Any]:
        raise av.BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_a_camera_that_is_unplugged_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opening = str(clip(tmp_path / "x.mp4")), []

    @contextmanager
    def opened(url: str, format: str, options: dict[str, str], timeout: tuple[float, float]) -> Iterator[Any]:
        opening.append((url, format, options["fflags"]))
        if len(opening) in (2, 3):
            raise av.FileNotFoundError(errno.ENOENT, "No such file or directory", url)
        with containers.opened(path, None, {}, timeout) as container:
            yield Hanging(container) if len(opening) == 4 else container

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(stream, "opened", opened)
    with quick(7, silent_s=0.3) as camera:
        frames = iter(camera)
        taken(camera, 1)
        while len(opening) < 5:
            next(frames)
        assert camera.reconnects >= 1
    assert opening[:5] == [("/dev/video7", "v4l2", "+4")] * 5
    assert camera.name == "/dev/video7"
