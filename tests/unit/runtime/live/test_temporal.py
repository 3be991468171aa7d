"""A verdict over time."""

from itertools import pairwise

import numpy as np
import pytest

from edgedf.errors import BundleError
from edgedf.faces.decoding import Floats
from edgedf.runtime.live.temporal import USUAL_UNREST, Evidence, Temporal

MAP = np.random.default_rng(0).random((8, 8)).astype(np.float32)


def evidence(threshold: float = 0.5, temperature: float = 1.0, **changes: float) -> Evidence:
    return Evidence(Temporal(**changes), threshold, temperature, 0.0)


def fed(one: Evidence, logit: float, start: float, end: float, step: float = 0.1, quality: float = 1) -> list[str]:
    """The verdicts after frames of one logit from `start` on, before `end`."""
    verdicts: list[str] = []
    for time in np.arange(start, end, step):
        one.add(float(time), logit, MAP, quality)
        one.decide(float(time))
        verdicts.append(one.verdict)
    return verdicts


@pytest.mark.parametrize(("logit", "verdict"), [(2.0, "fake"), (-2.0, "real")])
def test_a_verdict_needs_some_time_and_then_stays(logit: float, verdict: str) -> None:
    one = evidence()
    verdicts = fed(one, logit, 0, 5)
    first = verdicts.index(verdict)
    assert 0.3 < first / 10 < 1.5 and set(verdicts[first:]) == {verdict}
    assert one.since == pytest.approx(first / 10)
    assert one.score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)


def test_before_that_it_says_why() -> None:
    one = evidence()
    assert one.decide(0) == "too short" and one.score == 0.5 and one.since == 0
    fed(one, 0.05, 0, 3)
    assert one.verdict == "abstain" and one.decide(3) == "unclear"


def test_evidence_is_held_against_the_bundles_threshold_and_temperature() -> None:
    for threshold in (0.9, 0.1):
        one = evidence(threshold=threshold, temperature=2)
        fed(one, 0.0, 0, 3)
        assert one.verdict == ("real" if threshold > 0.5 else "fake") and one.score == pytest.approx(0.5)
    assert evidence(threshold=np.nextafter(1, 2)).score == pytest.approx(1, abs=1e-5), "one that calls nothing fake"


def test_looking_more_often_makes_no_one_surer() -> None:
    seldom, often = evidence(), evidence()
    fed(seldom, 0.5, 0, 6, step=0.5)
    fed(often, 0.5, 0, 6, step=0.02)
    assert often._weight == pytest.approx(seldom._weight, rel=0.3)


def test_poor_frames_count_less() -> None:
    good, poor = evidence(), evidence()
    assert fed(good, 2.0, 0, 6).index("fake") < fed(poor, 2.0, 0, 6, quality=0.5).index("fake")


def test_one_frame_does_not_decide_nor_turn_a_verdict() -> None:
    one = evidence()
    assert fed(one, 100.0, 0, 0.1) == ["abstain"]
    one = evidence()
    fed(one, -1.0, 0, 4)
    assert fed(one, 100.0, 4, 4.1) == ["real"]


def test_two_thresholds_keep_a_verdict_from_flickering() -> None:
    """The sum swings around `enter` and stays above `leave`: without the second threshold it changes each time."""
    changes = {}
    for leave in (0.25, 1.0):
        one = evidence(leave=leave)
        verdicts = [fed(one, (-0.2, 0.6)[i // 20 % 2], i / 10, i / 10 + 0.05)[0] for i in range(400)][100:]
        changes[leave] = sum(before != after for before, after in pairwise(verdicts))
    assert changes[0.25] == 0 and changes[1.0] > 10


def test_a_change_of_mind_takes_some_seconds_and_passes_by_abstention() -> None:
    one = evidence()
    fed(one, 2.0, 0, 10)
    verdicts = fed(one, -2.0, 10, 25)
    turned = [verdicts.index(verdict) / 10 for verdict in ("abstain", "real")]
    assert 0.5 < turned[0] < turned[1] < 6
    assert one.since == pytest.approx(10 + turned[1])


def test_old_evidence_fades() -> None:
    one = evidence()
    fed(one, 2.0, 0, 5)
    one.decide(8)
    kept = one.verdict, one.since
    assert kept[0] == "fake" and kept[1] < 5
    assert one.decide(40) == "too short"
    assert (one.verdict, one.since) == ("abstain", 40)


def test_flicker_of_score_and_map_is_evidence_where_it_is_asked_for() -> None:
    def unrested(weight: float, restless: bool) -> float:
        one = evidence(flicker=weight)
        for i in range(30):
            other = np.random.default_rng(i).random((8, 8)).astype(np.float32)
            one.add(i / 10, (0.5, -0.5)[i % 2] if restless else 0.0, other if restless else MAP, 1.0)
        return one._sum

    assert unrested(0, restless=True) == pytest.approx(0, abs=0.6), "none by default"
    assert unrested(0.5, restless=True) > 1
    assert unrested(0.5, restless=False) == pytest.approx(-0.5 * USUAL_UNREST * 2.5, rel=0.5), "calm speaks for real"


def test_parameters_come_from_the_manifest_or_are_refused() -> None:
    assert Temporal.from_dict(None) == Temporal()
    assert Temporal.from_dict({"enter": 2.0}) == Temporal(enter=2.0)
    for wrong in ({"entr": 2.0}, {"half_life_s": 0.0}, {"leave": 2.0}, {"flicker": -1.0}, {"limit": np.nan}):
        with pytest.raises(BundleError):
            Temporal.from_dict(wrong)


def test_a_map_of_one_value_has_no_unrest() -> None:
    flat: Floats = np.full((4, 4), 0.5, np.float32)
    one = evidence(flicker=1.0)
    for i in range(3):
        one.add(i / 10, 0.0, flat, 1.0)
    assert one._sum < 0
