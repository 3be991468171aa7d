"""Where frames come from: cameras, network streams, videos, folders of pictures, or the app itself."""

import logging
import random
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.faces.upright import upright
from edgedf.forks import Home
from edgedf.runtime.live.address import Live, find_live, shown
from edgedf.runtime.live.clock import RisingClock
from edgedf.runtime.live.frame import Frame
from edgedf.runtime.live.stored import Picture, read_arrays, read_folder, read_video
from edgedf.runtime.live.stream import LostError, Stream

State = Literal["connecting", "playing", "lost", "ended"]

CameraInput = int | str | Path | Iterable[Any]
Frames = Generator[Frame]

log = logging.getLogger(__name__)


class Camera:
    """Frames of one source, each given once, to one reader.

    A live source gives its newest frame whenever the reader is ready for one; those in between show in the numbers.
    When it is lost it is opened anew, after longer and longer waits. Other sources give every frame.

    Args:
        source: A camera's number or device, as `0` or `/dev/video0` (on macOS a number, read by FFmpeg's avfoundation;
            on Windows `video=NAME`, by its dshow); an `rtsp://` or `http://` address; a video; a folder of pictures; or
            what gives `Frame` objects, arrays `(H, W, 3)` uint8 RGB, or pairs of such an array and its time in seconds.
        rate: Frames a second of pictures that have no time.
        silent_s: Seconds without a frame after which a live source is opened anew; its first may take twice as long.
        retry_s: The shortest and the longest wait before a live source is opened anew, in seconds.
        retries: How often in a row that is tried before the source is given up; None for ever.
        live: Whether only the newest frame matters, where the app gives the frames.
        options: For FFmpeg, of a live source, such as `{"video_size": "1280x720"}`.

    Attributes:
        name: Of the source; an address stands without user, password and query.
        live: Whether only the newest frame matters. Of what the app gives, the watcher leaves out what it cannot use.
        state: `connecting` until it plays or fails, `playing`, `lost`, or `ended`.
        problem: Why it was lost the last time; empty where it never was.
        frames: Frames of the source so far, also those that no one took.
        reconnects: How often it played again after it was lost.

    Raises:
        InputError: No such file, or an address of another kind.
        MissingExtraError: PyAV is not installed and the source needs it.
    """

    def __init__(
        self,
        source: CameraInput,
        *,
        rate: float = 25.0,
        silent_s: float = 5.0,
        retry_s: tuple[float, float] = (0.5, 30.0),
        retries: int | None = None,
        live: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> None:
        if not (rate > 0 and silent_s > 0 and 0 < retry_s[0] <= retry_s[1]):
            raise InputError("rate, silent_s and retry_s are above 0, and the second retry_s is not below the first")
        self._pause, self._silent_s, self._retry_s, self._retries = 1 / rate, silent_s, retry_s, retries
        self.state: State = "connecting"
        self.problem = ""
        self.frames = self.reconnects = self._corrupt = 0
        self._closed, self._reading = threading.Event(), threading.Lock()
        self._home = Home(self)
        self._stream: Stream | None = None
        self.name, self.live, self._frames = self._opened(source, live, options or {})

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        self._home.check("this camera")
        with self._reading:
            return next(self._frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Camera({self.name!r}, {self.state})"

    def close(self) -> None:
        """Ends the iteration, from any thread, within about half a second; frames that the app gives after the next."""
        if self._home.is_elsewhere:  # without its threads, and with locks that they may have held
            return
        self._closed.set()
        if stream := self._stream:
            stream.close()
        if self._reading.acquire(blocking=False):  # or its reader is in it, and sees that it is closed
            try:
                self._frames.close()
            finally:
                self._reading.release()
            self.state = "ended"

    @property
    def corrupt(self) -> int:
        """Packets and frames so far that were broken, and left out."""
        stream = self._stream
        return self._corrupt + (stream.broken if stream else 0)

    def _opened(self, source: CameraInput, live: bool, options: Mapping[str, str]) -> tuple[str, bool, Frames]:
        """Name of the source, whether it is live, and its frames, none of which is read yet."""
        if isinstance(source, Iterable) and not isinstance(source, str):
            return "frames", live, self._every(read_arrays(source))
        text = str(source)
        if stream := find_live(text, options):
            need("av", "camera")
            return stream.name, True, self._watched(stream)
        path = Path(text)
        if not (text and path.exists()):  # "" would be this folder
            what = shown(text) or "an empty name"
            raise InputError(f"{what} does not exist: give a camera's number, a path, or an rtsp:// or http:// URL")
        if path.is_dir():
            return text, False, self._every(read_folder(path))
        need("av", "camera")
        return text, False, self._every(read_video(path, self._closed.is_set))

    def _every(self, pictures: Generator[Picture | None]) -> Frames:
        clock = RisingClock(leaps=True)
        try:
            with closing(pictures):
                for picture in pictures:
                    if self._closed.is_set():
                        return
                    if picture is None:
                        self._corrupt += 1
                        continue
                    number = self.frames if picture.number is None else picture.number
                    self.state, self.frames = "playing", number + 1
                    yield Frame(picture.pixels, clock.time(picture.stamp, number * self._pause), number)
        finally:
            self.state = "ended"

    def _watched(self, source: Live) -> Frames:
        clock, converter = RisingClock(leaps=False), need("av", "camera").video.reformatter.VideoReformatter()
        tries = 0
        try:
            while not self._closed.is_set():
                before = self.frames
                try:
                    yield from self._played(source, clock, converter)
                except LostError as error:
                    self._lost(str(error))
                tries = 1 if self.frames > before else tries + 1
                if self._retries is not None and tries > self._retries:
                    return self._gave_up()
                self._closed.wait(self._wait(tries))
        finally:
            self.state = "ended"

    def _played(self, source: Live, clock: RisingClock, converter: Any) -> Frames:
        """The frames of one opening."""
        self._stream = stream = Stream(source, self._silent_s)
        before, anew = self.frames, True
        try:
            while not self._closed.is_set() and (found := stream.newest()):
                if self.state == "lost":
                    self.reconnects += bool(before)
                    log.info("%s plays", self.name)
                number = before + found.number
                self.state, self.frames = "playing", number + 1
                moment = clock.time(found.stamp, found.arrival, anew)
                anew = False
                yield Frame(upright(found.frame, converter), moment, number)
        finally:
            stream.close()
            self._stream = None
            self._corrupt += stream.broken

    def _lost(self, why: str) -> None:
        if self.state != "lost":
            log.warning("%s: %s; trying again", self.name, why)
        self.state, self.problem = "lost", why

    def _gave_up(self) -> None:
        if not self.frames:
            raise InputError(f"{self.name} gives no pictures: {self.problem}")
        log.warning("%s: %s; given up", self.name, self.problem)

    def _wait(self, tries: int) -> float:
        """Seconds until it is opened anew, never the same for many cameras that one failure has cut off."""
        shortest, longest = self._retry_s
        return min(shortest * 2.0 ** min(tries - 1, 30), longest) * random.uniform(0.5, 1)
