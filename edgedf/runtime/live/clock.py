"""Times that rise from frame to frame, whatever the stream's clock does."""

import math

JUMP = 1.0  # seconds; a smaller step back is disorder, a larger one another clock
LEAST = 0.001  # seconds between two frames


class RisingClock:
    """The stream's own time, set right where it stands still, goes back or runs away.

    Args:
        leaps: The time may leap ahead, as in a file with a pause in it. A live stream's cannot pass more time than did.
    """

    def __init__(self, leaps: bool) -> None:
        self._ahead = math.inf if leaps else JUMP
        self._offset = 0.0
        self._last: float | None = None
        self._now = 0.0

    def time(self, stamp: float | None, now: float, anew: bool = False) -> float:
        """Time of the next frame in seconds.

        Args:
            stamp: What the stream says, in seconds; None where it says nothing.
            now: When the frame came, in seconds by a clock that can be trusted.
            anew: The stream was opened anew, so its clock may have begun again.
        """
        passed, self._now = max(now - self._now, LEAST), now
        if self._last is None:
            self._last = 0.0 if stamp is None else stamp
        elif stamp is None:
            self._last += passed
        else:
            step = stamp + self._offset - self._last
            if anew or step < -JUMP or step > passed + self._ahead:
                self._offset = self._last + passed - stamp
            self._last = max(stamp + self._offset, self._last + LEAST)
        return self._last
