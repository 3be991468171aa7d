"""When the detector looks, and whose face is judged: as often as it helps, and no more than there is time for."""

from collections.abc import Sequence
from typing import NamedTuple

from edgedf.runtime.backends import BATCH

AT_REST = 4  # deadlines between two looks when faces stand still: every fourth frame of a common camera
MOVE = 0.2  # sides that a face may move between two looks
EMPTY_S = 0.5  # between two looks at a picture without faces that does not change
STILL = 2.0  # of 255: change of the picture since the last look below which nobody can have come in
SHARE = 0.4  # of the time that looks may take
NEWEST = 0.2  # weight of the newest duration in a mean
EARLY = 0.95  # of an interval: frames do not come to the millisecond

UNSETTLED_S = 0.1  # between two judgements of a face without a verdict
SETTLED_S = 0.3  # of one with a verdict: neighbouring frames say nearly the same


class Due(NamedTuple):
    """A face that may be judged.

    Attributes:
        seen: When someone last tried to, in seconds; minus infinity for never.
        settled: Whether it has a verdict.
    """

    seen: float
    settled: bool


class Pace:
    """Keeps looks and judgements within a deadline.

    Args:
        deadline_ms: Time that a frame has.
        hurried: Whether frames come whether one is ready or not. For a file nothing depends on how long work takes, so
            that its events are always the same.
    """

    def __init__(self, deadline_ms: float, hurried: bool) -> None:
        self._deadline, self._hurried = deadline_ms / 1000, hurried
        self._look_s, self._face_s = 0.0, 0.0
        self._looked = -float("inf")

    def is_due(self, time: float, change: float, speeds: Sequence[float]) -> bool:
        """Whether the detector is to look at a frame.

        Args:
            time: Of the frame, in seconds.
            change: Of the picture since the last look, of 255.
            speeds: Of the faces that are followed, in sides a second.
        """
        rest = AT_REST * self._deadline
        if speeds:
            interval = max(min(MOVE / max(max(speeds), 1e-9), rest), self._deadline)
        else:
            interval = EMPTY_S if change < STILL else rest
        return time - self._looked >= EARLY * max(interval, self._look_s / SHARE)

    def looked(self, time: float, seconds: float) -> None:
        """Notes a look, with the judgements after it, and how long it took."""
        self._looked = time
        if self._hurried:
            self._look_s += NEWEST * (seconds - self._look_s) if self._look_s else seconds

    def judged(self, seconds: float, faces: int) -> None:
        """Notes how long it took to cut and judge some faces."""
        if self._hurried:
            each = seconds / faces
            self._face_s += NEWEST * (each - self._face_s) if self._face_s else each

    def chosen(self, time: float, faces: Sequence[Due]) -> list[int]:
        """Places of the faces to judge now, those that wait longest first, as many as there is time for."""
        waits = [time - one.seen for one in faces]
        due = [i for i, one in enumerate(faces) if waits[i] >= EARLY * (SETTLED_S if one.settled else UNSETTLED_S)]
        most = int(self._deadline / self._face_s) if self._face_s else BATCH
        return sorted(due, key=lambda i: -waits[i])[: min(max(most, 1), BATCH)]
