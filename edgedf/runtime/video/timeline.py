"""What was said of one face of a video, from its first frame to its last."""

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from edgedf.runtime.live.event import Decision, FaceTrack

UNMOVED = 1e-6  # of a score: rounding


class Span(NamedTuple):
    """A time with one verdict, for one reason.

    Attributes:
        start: When it began, in seconds.
        end: When the next began, or the face was seen last.
        verdict: `real`, `fake` or `abstain`.
        reason: Why it abstains; empty otherwise.
    """

    start: float
    end: float
    verdict: Decision
    reason: str


class Timeline:
    """A face over time; of the frames between two judgements, whose score is the same, the first is kept.

    Args:
        face: Its number in the video, from 1.
        start: When it was seen first, in seconds.
        threshold: A score from here on speaks for fake; the score before the face was judged.

    Attributes:
        face: Its number.
        start: When it was seen first.
        end: When it was seen last.
        times: When its score changed.
        scores: P(fake) of its frames up to then.
        spans: Its verdicts, one after another.
    """

    def __init__(self, face: int, start: float, threshold: float) -> None:
        self.face, self.start, self.end = face, start, start
        self._threshold = threshold
        self.times, self.scores = list[float](), list[float]()
        self.spans = list[Span]()
        self._frames, self._reasons = Counter[Decision](), Counter[str]()
        self._sums = defaultdict[Decision, float](float)  # of the scores

    def add(self, time: float, track: FaceTrack) -> None:
        """Takes what was said of the face in the next frame that shows it."""
        self.end = time
        if not self.scores or abs(track.score - self.scores[-1]) > UNMOVED:
            self.times.append(time)
            self.scores.append(track.score)
        last = self.spans[-1]._replace(end=time) if self.spans else None
        if last:
            self.spans[-1] = last
        if last is None or (track.verdict, track.reason) != (last.verdict, last.reason):
            self.spans.append(Span(time, time, track.verdict, track.reason))
        self._frames[track.verdict] += 1
        self._sums[track.verdict] += track.score
        self._reasons[track.reason] += track.verdict == "abstain"

    @property
    def seconds(self) -> float:
        """From its first frame to its last."""
        return self.end - self.start

    @property
    def frames(self) -> int:
        """That show it."""
        return self._frames.total()

    @property
    def judged(self) -> bool:
        """Whether the model ever said anything of it: it was large, sharp, bright and turned to the camera enough."""
        return any(abs(score - self._threshold) > UNMOVED for score in self.scores)

    @property
    def verdict(self) -> Decision:
        """`real` or `fake`, whichever it was for more frames; `abstain` where it never was either."""
        if not self._frames["fake"] + self._frames["real"]:
            return "abstain"
        return "fake" if self._frames["fake"] >= self._frames["real"] else "real"

    @property
    def score(self) -> float:
        """Mean of its scores while it had its verdict, so that the two never contradict each other."""
        return self._sums[self.verdict] / self._frames[self.verdict]

    @property
    def reason(self) -> str:
        """Why it abstains, for the most part; empty where it has a verdict."""
        return self._reasons.most_common(1)[0][0] if self.verdict == "abstain" else ""

    @property
    def first_verdict_s(self) -> float | None:
        """Seconds until it was `real` or `fake` for the first time; None for never."""
        return next((one.start - self.start for one in self.spans if one.verdict != "abstain"), None)

    @property
    def changes(self) -> int:
        """How often its verdict changed after the first."""
        verdicts = [one.verdict for one in self.spans]
        turns = [one for one, before in zip(verdicts, ["", *verdicts], strict=False) if one != before]
        return max(len(turns) - 1 - (turns[0] == "abstain"), 0)

    @property
    def otherwise_s(self) -> float:
        """Seconds that a face with a verdict had the opposite one."""
        opposite = {"real": "fake", "fake": "real"}.get(self.verdict)
        return sum(one.end - one.start for one in self.spans if one.verdict == opposite)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "face": self.face,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "frames": self.frames,
            "score": round(self.score, 4),
            "verdict": self.verdict,
            "reason": self.reason,
            "times": [round(time, 3) for time in self.times],
            "scores": [round(score, 4) for score in self.scores],
            "spans": [one._asdict() | {"start": round(one.start, 3), "end": round(one.end, 3)} for one in self.spans],
        }
