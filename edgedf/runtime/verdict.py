"""What an engine says about a face."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import printable
from edgedf.faces.crop import Box
from edgedf.runtime.engine import Engine


class Verdict(NamedTuple):
    """The judgement of one face.

    Attributes:
        path: Of the picture.
        face: Its number in the picture, from 1.
        box: Of the face, None where the picture is a crop.
        score: P(fake), in [0, 1].
        verdict: `real`, `fake`, or `abstain` where the face cannot tell.
        threshold: A score from here on is called fake.
        reason: Why it abstains, such as `too small`; empty otherwise.
    """

    path: Path
    face: int
    box: Box | None
    score: float
    verdict: str
    threshold: float
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, the box in whole pixels: x, y, width, height."""
        return {**self._asdict(), "path": str(self.path), "box": self.pixels()}

    def __str__(self) -> str:
        """One line for a person."""
        where = f"  face {self.face} at {self.pixels()}" if self.box else ""
        why = f" ({self.reason})" if self.reason else ""
        return printable(f"{self.verdict}  {self.score:.3f}  {self.path}{where}{why}")

    def pixels(self) -> list[int] | None:
        """The box in whole pixels."""
        return [round(value) for value in self.box] if self.box else None


def judge_crops(
    engine: Engine,
    crops: Sequence[NDArray[np.uint8]],
    faces: Sequence[tuple[Path, int, Box | None]],
    reasons: Sequence[str] = (),
) -> Iterator[Verdict]:
    """Judges crops `(256, 256, 3)` in one go.

    Args:
        engine: Judges them.
        crops: At least one.
        faces: Path, number and box of each.
        reasons: Why to abstain from each, empty where there is no reason; none at all to judge every one.
    """
    scores = engine.predict(np.stack(crops)).tolist()
    for face, score, reason in zip(faces, scores, reasons or [""] * len(faces), strict=True):
        verdict = "abstain" if reason else engine.manifest.labels[score >= engine.threshold]
        yield Verdict(*face, score, verdict, engine.threshold, reason)
