"""What an audit says of single cues."""

import numpy as np
import pytest

from edgedf.metrics import Interval
from edgedf.report.cues import Cue, Verdict


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.45, 0.64, Verdict.CLEAN),
        (0.45, 0.65, Verdict.SUSPICIOUS),
        (0.90, 0.99, Verdict.SUSPICIOUS),
        (0.91, 0.99, Verdict.UNUSABLE),
    ],
)
def test_verdict_goes_by_the_ends_of_the_interval(low: float, high: float, expected: Verdict) -> None:
    assert Cue(Interval((low + high) / 2, low, high), np.zeros(1)).verdict is expected
