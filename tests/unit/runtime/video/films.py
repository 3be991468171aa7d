"""Made videos of drawn people, and what a watcher might say of them."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from edgedf.data.drawn import draw_face
from edgedf.runtime.live.event import Decision, FaceTrack
from edgedf.runtime.video.timeline import Timeline

RATE = 10
RED, BLUE = 0, 2  # the colour model calls red fake
SIDE = 256


def people(colours: Sequence[int]) -> NDArray[np.uint8]:
    """A frame `(270, W, 3)` of people side by side, each with one channel much brighter than its opposite."""
    frame = np.full((270, 20 + 280 * len(colours), 3), 90, np.uint8)
    for i, colour in enumerate(colours):
        face = draw_face(np.random.default_rng(i), fake=False)
        face[..., 2 - colour] //= 3
        frame[7 : 7 + SIDE, 20 + 280 * i : 20 + 280 * i + SIDE] = face
    return frame


def film(path: Path, frames: Sequence[NDArray[np.uint8]], times: Sequence[int] | None = None) -> Path:
    """Writes a video of 10 frames a second, or of frames at times in tenths of a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", RATE, options={"x264-params": "threads=1:log=0:keyint=5:qp=10"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        for pixels, time in zip(frames, times or range(len(frames)), strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def timeline(verdicts: Sequence[tuple[str, float]], face: int = 1, reason: str = "unclear") -> Timeline:
    """A face with a verdict and a score a tenth of a second, at a threshold of .5."""
    line = Timeline(face, 0.0, 0.5)
    for i, (verdict, score) in enumerate(verdicts):
        told = reason if verdict == "abstain" else ""
        line.add(i / 10, FaceTrack(face - 1, (0, 0, 9, 9), score, cast(Decision, verdict), 0.0, told))
    return line
