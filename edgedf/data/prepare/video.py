"""Frames of a video: PyAV on one thread, which decodes no more than the wanted frames need.

Every n-th frame is wanted. A frame that no other refers to, such as most B-frames, is not decoded unless it is wanted,
and a group of pictures in which none is wanted is passed by. Measured on H.264 clips of 480p and 720p with a key frame
every 250 frames, milliseconds of one core for each wanted frame, not turned into RGB (AMD EPYC with AVX-512):

    every           1       2       5      10
    PyAV         0.96    1.69    3.82    6.91
    OpenCV       0.99    1.98    4.96    9.93   + 1.9 to turn the whole frame into RGB

A second decoder thread would take 1.3 times the processor's time; one process a core uses that better.
"""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.data.prepare.frame import Frame, frame_of
from edgedf.errors import InputError
from edgedf.extras import need
from edgedf.faces.container import ENDS_EARLY, NoPicturesError, opened_file


class _Packet(NamedTuple):
    """What the container says of a frame.

    Attributes:
        time: When it is shown, in the stream's own unit; None where that is not told.
        group: Number of its group of pictures, which begins with a key frame.
        leads: Shown before its group's key frame, so it may refer to the group before.
        shown: At all; some are only there for others to refer to.
    """

    time: int | None
    group: int
    leads: bool
    shown: bool


class Video:
    """A video, open for one reading from its beginning.

    Attributes:
        promised: Frames by its header, or as many as there are where that does not tell.
        read: Frames that could be read so far, those passed by included.

    Raises:
        InputError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._av, self._path = need("av", "data"), path
        with self._opened() as (container, stream):
            self._packets = list(_listed(self._demuxed(container, stream)))
            self.promised = stream.frames or len(self._packets)
        self.read = 0

    def every(self, step: int) -> Iterator[Frame]:
        """Each `step`-th frame, turned as the file says, 8 bits whatever it holds."""
        shown = sum(packet.shown for packet in self._packets)
        times = {packet.time for packet in self._packets if packet.shown and packet.time is not None}
        if len(times) == shown:
            numbers = {time: i for i, time in enumerate(sorted(times)) if i % step == 0}
            decoded = ((numbers[frame.pts], frame) for frame in self._decoded(numbers) if frame.pts in numbers)
        else:
            decoded = ((i, frame) for i, frame in enumerate(self._decoded(None)) if i % step == 0)
        for count, (number, frame) in enumerate(decoded, start=1):
            self.read = min(count * step, shown)
            yield frame_of(number, frame)

    @property
    def ended_early(self) -> bool:
        """Whether far fewer frames could be read than the header promises."""
        return self.read < ENDS_EARLY * self.promised

    def _decoded(self, wanted: Collection[int] | None) -> Iterator[Any]:
        """Frames as they are shown: those of the wanted times and some others, or all."""
        groups = _groups_needed(self._packets, wanted)
        with self._opened() as (container, stream):
            decoder, passing = stream.codec_context, False
            for packet, listed in zip(self._demuxed(container, stream), self._packets, strict=False):
                if listed.group in groups:
                    passing = False
                    decoder.skip_frame = "DEFAULT" if wanted is None or listed.time in wanted else "NONREF"
                    yield from self._frames(decoder, packet)
                elif not passing:
                    passing = True
                    yield from self._frames(decoder, None)  # those that wait to be shown
                    decoder.flush_buffers()
            yield from self._frames(decoder, None)

    def _frames(self, decoder: Any, packet: Any) -> list[Any]:
        """What the decoder gives after a packet; nothing of a broken one."""
        try:
            return [frame for frame in decoder.decode(packet) if not frame.is_corrupt]
        except self._av.FFmpegError:
            return []

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        with ExitStack() as stack:
            try:
                container = stack.enter_context(opened_file(self._path))
            except self._av.FFmpegError as error:
                raise InputError(f"{self._path} is not a video that can be read") from error
            except NoPicturesError as error:
                raise InputError(f"{self._path} is not a video that can be read: {error}") from error
            yield container, container.streams.best("video")

    def _demuxed(self, container: Any, stream: Any) -> Iterator[Any]:
        """The packets with a frame in them, up to where the file breaks off."""
        with suppress(self._av.FFmpegError):
            yield from (packet for packet in container.demux(stream) if packet.size)


def _listed(packets: Iterator[Any]) -> Iterator[_Packet]:
    group, key_time = 0, None
    for packet in packets:
        if packet.is_keyframe:
            group, key_time = group + 1, packet.pts
        leads = None not in (key_time, packet.pts) and packet.pts < key_time
        yield _Packet(packet.pts, group, leads, not packet.is_discard)


def _groups_needed(packets: list[_Packet], wanted: Collection[int] | None) -> set[int]:
    """Numbers of the groups of pictures that the wanted frames, or all, are in or refer to."""
    needed = [packet for packet in packets if wanted is None or packet.time in wanted]
    return {packet.group for packet in needed} | {packet.group - 1 for packet in needed if packet.leads}
