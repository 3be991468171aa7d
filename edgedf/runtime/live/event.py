"""What a watcher says of a frame."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import Box
from edgedf.runtime.live.frame import Frame

Decision = Literal["real", "fake", "abstain"]


class FaceTrack(NamedTuple):
    """A face in a frame, and what its frames so far say together.

    Attributes:
        id: Of the face in its stream, from 0; never given to another.
        box: Where it is: x, y, width, height in pixels of the frame.
        score: P(fake) of its frames so far, in [0, 1]; the threshold before one was judged.
        verdict: `real`, `fake`, or `abstain` where that cannot be told.
        since: Time of the frame in which the verdict became this one, in seconds.
        reason: Why it abstains, such as `too small`; empty otherwise.
        attention: `(h, w)` in [0, 1], where the evidence lies in the face's crop; None where no one asked for it.
    """

    id: int
    box: Box
    score: float
    verdict: Decision
    since: float
    reason: str = ""
    attention: NDArray[np.float32] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form: the box in whole pixels, without the attention map."""
        values = self._asdict()
        del values["attention"]
        return values | {"box": [round(value) for value in self.box], "score": round(self.score, 4)}


class Event(NamedTuple):
    """The faces of one frame.

    Attributes:
        frame: It.
        tracks: Its faces, in the order of their ids.
        latency_ms: From when the frame was captured to when this was known.
        dropped: Frames so far that no one looked at, because newer ones were there.
    """

    frame: Frame
    tracks: tuple[FaceTrack, ...]
    latency_ms: float
    dropped: int

    @property
    def frame_time(self) -> float:
        """Time of the frame in seconds."""
        return self.frame.time

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without pixels."""
        return {
            "frame": self.frame.number,
            "frame_time": round(self.frame.time, 4),
            "latency_ms": round(self.latency_ms, 2),
            "dropped": self.dropped,
            "tracks": [track.to_dict() for track in self.tracks],
        }
