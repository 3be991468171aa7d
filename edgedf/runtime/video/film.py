"""The annotated copy of a video: H.264, each frame at its own time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from edgedf.extras import need
from edgedf.files import disk_trouble, replacing
from edgedf.runtime.annotate import annotated
from edgedf.runtime.live.event import Event
from edgedf.runtime.verdict import Verdict

OPTIONS = {"preset": "veryfast", "crf": "20"}
TICKS = 10_000  # a second, and more: frames need not come evenly

Film = Callable[[Event, float, float], None]
"""Takes an event, its time from the beginning in seconds, and the threshold of its scores."""


@contextmanager
def write_film(path: Path, rate: Fraction) -> Iterator[Film]:
    """Writes a video whole or not at all, of the size of its first frame, less a row or column where that is odd.

    Args:
        path: MP4 file.
        rate: Frames a second.

    Raises:
        InputError: The disk cannot take it.
    """
    av = need("av", "camera")
    base = Fraction(1, rate.numerator * -(-TICKS // rate.numerator))
    with disk_trouble(path.parent), replacing(path) as beside, av.open(str(beside), "w", format="mp4") as container:
        stream: Any = None

        def add(event: Event, time: float, threshold: float) -> None:
            nonlocal stream
            pixels = event.frame.pixels
            stream = stream or _stream(container, rate, base, pixels.shape)
            faces = [Verdict(path, one.id + 1, one.box, one.score, one.verdict, threshold) for one in event.tracks]
            frame = av.VideoFrame.from_image(annotated(pixels, faces))
            frame.pts, frame.time_base = round(time / base), base
            container.mux(stream.encode(frame))

        yield add
        if stream:
            container.mux(stream.encode(None))


def _stream(container: Any, rate: Fraction, base: Fraction, shape: tuple[int, ...]) -> Any:
    """The stream to encode to; frames of another size are scaled to its."""
    stream = container.add_stream("h264", rate, options=OPTIONS)
    stream.height, stream.width = (max(side // 2 * 2, 2) for side in shape[:2])  # colours are shared by 2 x 2 pixels
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = base
    return stream
