"""What the faces of a video say together."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.errors import printable
from edgedf.runtime.live.event import Decision
from edgedf.runtime.video.timeline import Timeline

LONG_S = 1.0  # that a face must be seen to count for the video: shorter ones tell next to nothing


def together(verdicts: Iterable[Decision]) -> Decision:
    """What faces come to: `fake` where one of them is, `real` where all are, `abstain` otherwise."""
    found = set(verdicts)
    if "fake" in found:
        return "fake"
    return "real" if found == {"real"} else "abstain"


class VideoVerdict(NamedTuple):
    """The judgement of a video.

    It rests on the faces that were seen for a second or longer and could be judged: `fake` where one of them is, `real`
    where all are, `abstain` where none is fake and one is unclear, or there is none. Faces in the background that are
    too small or too blurred to be judged do not count, and are named.

    Attributes:
        path: Of the video.
        threshold: A score from here on speaks for fake.
        seconds: That could be read.
        faces: At least one, in the order of their numbers.
        damage: What of the video could not be read; empty where all could.
    """

    path: Path
    threshold: float
    seconds: float
    faces: list[Timeline]
    damage: str = ""

    @property
    def judged(self) -> list[Timeline]:
        """The faces that could be judged."""
        return [one for one in self.faces if one.judged]

    @property
    def counted(self) -> list[Timeline]:
        """Those that were seen for long enough to count, too."""
        return [one for one in self.judged if one.seconds >= LONG_S]

    @property
    def verdict(self) -> Decision:
        """`real`, `fake` or `abstain`."""
        return together(one.verdict for one in self.counted)

    @property
    def deciding(self) -> Timeline:
        """The face that the verdict rests on: of those with the verdict, the one with the highest score."""
        faces = self.counted or self.judged or self.faces
        return max(faces, key=lambda one: (one.verdict == self.verdict, one.score))

    @property
    def score(self) -> float:
        """P(fake) of the face that the verdict rests on, in [0, 1]; the threshold where no face was judged."""
        return self.deciding.score

    @property
    def reason(self) -> str:
        """Why it abstains; empty otherwise."""
        if self.verdict != "abstain":
            return ""
        if self.counted:
            return f"face {self.deciding.face} is {self.deciding.reason}"
        return f"no face for {LONG_S:g} s" if self.judged else f"no face that can be judged: {self._reasons()}"

    @property
    def problem(self) -> str:
        """What could not be judged, in one line; empty where all could."""
        told = ", ".join(one for one in (self.damage, self.reason and f"cannot be told ({self.reason})") if one)
        return told and f"{self.path}: {told}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, the faces with their timelines."""
        return {
            "path": str(self.path),
            "score": round(self.score, 4),
            "verdict": self.verdict,
            "reason": self.reason,
            "threshold": self.threshold,
            "seconds": round(self.seconds, 3),
            "damage": self.damage,
            "faces": [one.to_dict() for one in self.faces],
        }

    def __str__(self) -> str:
        """For a person: one line a face, one for all that were never judged, and one for the video."""
        lines = [f"{one.verdict}  {one.score:.3f}  {self.path}  {_shown(one)}" for one in self.judged]
        if left := len(self.faces) - len(self.judged):
            lines.append(f"abstain  -  {self.path}  {left} face{'s' * (left > 1)} never judged ({self._reasons()})")
        reason = f"  ({self.reason})" if self.reason else ""
        lines.append(f"{self.verdict}  {self.score:.3f}  {self.path}{reason}")
        return "\n".join(map(printable, lines))

    def _reasons(self) -> str:
        """Why faces were never judged."""
        return ", ".join(dict.fromkeys(one.reason for one in self.faces if not one.judged))


def _shown(face: Timeline) -> str:
    when = f"face {face.face}, {face.start:.1f} s to {face.end:.1f} s"
    if face.reason:
        return f"{when} ({face.reason})"
    opposite = "real" if face.verdict == "fake" else "fake"
    return f"{when} ({opposite} for {face.otherwise_s:.1f} s of it)" if face.otherwise_s else when
