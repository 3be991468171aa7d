"""A verdict over time: evidence of a face's frames, summed, forgotten with time, and held against two thresholds."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgedf.errors import BundleError, InputError
from edgedf.faces.decoding import Floats
from edgedf.metrics import sigmoid
from edgedf.runtime.live.event import Decision
from edgedf.typed import read

USUAL_UNREST = 0.3
"""Unrest in a tenth of a second, see `Evidence.add`: mean of the medians of 28 clips of FaceForensics++, rounded."""


@dataclass(frozen=True)
class Temporal:
    """How the evidence of frames becomes a verdict; a bundle's manifest may carry one as `temporal`.

    Attributes:
        half_life_s: Seconds after which evidence counts half.
        correlation_s: Seconds after which a frame says something new. Within a clip of FaceForensics++ the correlation
            of two log-odds falls to .5 in .1 s and to .1 in .5 s, but what a model gets wrong of a face it gets
            wrong for longer: a sum over independent frames would be too sure.
        needed: Evidence, in frames, without which there is no verdict.
        enter: Sum of log-odds beyond the bundle's threshold, either way, from which there is a verdict.
        leave: Sum below which there is none any more.
        limit: Largest log-odds of one frame: none decides alone.
        flicker: Log-odds for each unit of unrest above the usual. 0 by default: on 28 clips of FaceForensics++ the
            shipped student's score and map are as restless in reals as in fakes (.29, a tenth of a second apart).
    """

    half_life_s: float = 4.0
    correlation_s: float = 1.0
    needed: float = 1.5
    enter: float = 1.0
    leave: float = 0.25
    limit: float = 3.0
    flicker: float = 0.0

    def __post_init__(self) -> None:
        positive = self.half_life_s, self.correlation_s, self.needed, self.enter, self.limit
        if not (all(value > 0 for value in positive) and 0 <= self.leave <= self.enter and self.flicker >= 0):
            raise BundleError(f"these are no parameters of a verdict over time: {asdict(self)}")

    @classmethod
    def from_dict(cls, values: dict[str, Any] | None) -> "Temporal":
        """The parameters a manifest holds, with the defaults for those it does not.

        Raises:
            BundleError: A key is unknown, or a value cannot be used.
        """
        try:
            return read(cls, values or {}, "temporal")
        except InputError as error:
            raise BundleError(f"the manifest is malformed ({error})") from error


class Evidence:
    """What one face's frames say together.

    Attributes:
        verdict: `real`, `fake` or `abstain`.
        since: When the verdict became this one, in seconds.

    Args:
        temporal: How it is summed.
        threshold: A score from here on is called fake.
        temperature: Score = sigmoid(logit / temperature).
        time: When the face was first seen, in seconds.
    """

    def __init__(self, temporal: Temporal, threshold: float, temperature: float, time: float) -> None:
        self.verdict: Decision = "abstain"
        self.since, self._judged = time, -math.inf
        self._temporal, self._temperature = temporal, temperature
        safe = min(max(threshold, 1e-6), 1 - 1e-6)
        self._neutral = math.log(safe / (1 - safe))
        self._time = time
        self._sum = self._weight = 0.0
        self._before: tuple[float, Floats] | None = None

    def add(self, time: float, logit: float, attention: Floats, quality: float) -> None:
        """Takes what the model says of a frame.

        Its log-odds beyond the threshold's count by the frame's quality and by how new it is: evidence a second is
        bounded, however often one looks. Unrest is the change of log-odds since the frame before, and of the
        attention map (one less the correlation).
        """
        self._forget(time)
        now = logit / self._temperature - self._neutral
        if self._before and self._temporal.flicker and time - self._judged < self._temporal.correlation_s:
            unrest = abs(now - self._before[0]) + 1 - _correlation(attention, self._before[1])
            now += self._temporal.flicker * (unrest - USUAL_UNREST)
        weight = quality * -math.expm1((self._judged - time) / self._temporal.correlation_s)
        self._sum += weight * min(max(now, -self._temporal.limit), self._temporal.limit)
        self._weight += weight
        self._before, self._judged = (now, attention), time

    @property
    def score(self) -> float:
        """P(fake) by the weighted mean of the frames' log-odds; the threshold where there are none."""
        mean = self._sum / self._weight if self._weight > 0 else 0.0
        return float(sigmoid(np.array(mean + self._neutral)))

    def decide(self, time: float) -> str:
        """Brings the verdict to a time; gives the reason where it abstains for want of evidence, or nothing."""
        self._forget(time)
        verdict = self._decision()
        if verdict != self.verdict:
            self.verdict, self.since = verdict, time
        if verdict != "abstain":
            return ""
        return "too short" if self._weight < self._temporal.needed else "unclear"

    def _decision(self) -> Decision:
        """What has evidence enough to begin, or, where it is the verdict already, to go on."""
        side: Decision = "fake" if self._sum > 0 else "real"
        if self.verdict == side:
            return side if abs(self._sum) >= self._temporal.leave else "abstain"
        enough = self._weight >= self._temporal.needed and abs(self._sum) >= self._temporal.enter
        return side if enough else "abstain"

    def _forget(self, time: float) -> None:
        kept = 0.5 ** (max(time - self._time, 0) / self._temporal.half_life_s)
        self._sum, self._weight, self._time = self._sum * kept, self._weight * kept, time


def _correlation(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.vdot(one, other)) / lengths if lengths > 0 else 1.0
