"""A face over time: what is kept of it, and what it comes to."""

import json

import pytest

from tests.unit.runtime.video.films import timeline


def test_times_and_scores_are_kept_where_they_change_and_verdicts_as_spans() -> None:
    one = timeline([("abstain", 0.5)] * 3 + [("fake", 0.9)] * 4 + [("fake", 0.8)] * 3)
    values = json.loads(json.dumps(one.to_dict()))
    assert (values["times"], values["scores"]) == ([0.0, 0.3, 0.7], [0.5, 0.9, 0.8])
    assert values["spans"] == [
        {"start": 0.0, "end": 0.3, "verdict": "abstain", "reason": "unclear"},
        {"start": 0.3, "end": 0.9, "verdict": "fake", "reason": ""},
    ]
    assert (values["start"], values["end"], values["frames"]) == (0.0, 0.9, 10)
    assert (values["verdict"], values["reason"]) == ("fake", "")
    assert values["score"] == pytest.approx((4 * 0.9 + 3 * 0.8) / 7, abs=1e-4)  # of the time with the verdict


@pytest.mark.parametrize(
    ("verdicts", "expected", "score"),
    [
        ([("real", 0.1)] * 3 + [("fake", 0.8)] * 2, "real", 0.1),
        ([("real", 0.1)] * 2 + [("fake", 0.8)] * 2, "fake", 0.8),
        ([("abstain", 0.6)] * 9 + [("real", 0.2)], "real", 0.2),
        ([("abstain", 0.6)] * 3, "abstain", 0.6),
    ],
)
def test_a_face_is_what_it_was_for_more_frames(verdicts: list[tuple[str, float]], expected: str, score: float) -> None:
    one = timeline(verdicts)
    assert one.verdict == expected and one.score == pytest.approx(score)
    assert one.reason == ("unclear" if expected == "abstain" else "")


def test_the_time_with_the_opposite_verdict_is_known() -> None:
    one = timeline([("fake", 0.8)] * 5 + [("real", 0.1)] * 3 + [("abstain", 0.5)] * 2 + [("fake", 0.8)])
    assert one.otherwise_s == pytest.approx(0.3)
    assert timeline([("abstain", 0.5)] * 5).otherwise_s == 0


@pytest.mark.parametrize(
    ("verdicts", "first", "changes"),
    [
        ([("abstain", 0.5)] * 3 + [("fake", 0.9)] * 3, 0.3, 0),
        ([("fake", 0.9), ("abstain", 0.6), ("fake", 0.9), ("real", 0.1)], 0, 3),
        ([("abstain", 0.5), ("real", 0.1), ("fake", 0.9)], 0.1, 1),
        ([("abstain", 0.5)] * 3, None, 0),
    ],
)
def test_when_it_first_had_a_verdict_and_how_often_that_changed(
    verdicts: list[tuple[str, float]], first: float | None, changes: int
) -> None:
    one = timeline(verdicts)
    assert (one.first_verdict_s, one.changes) == (first if first is None else pytest.approx(first), changes)


def test_a_score_that_never_left_the_threshold_is_none() -> None:
    assert not timeline([("abstain", 0.5)] * 5).judged
    assert timeline([("abstain", 0.5)] * 5 + [("abstain", 0.51)]).judged
    assert timeline([("fake", 0.9)]).judged
