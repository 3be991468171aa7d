"""What the faces of a video come to together."""

import json
from pathlib import Path

import pytest

from edgedf.runtime.video.timeline import Timeline
from edgedf.runtime.video.verdict import VideoVerdict
from tests.unit.runtime.video.films import timeline

FAKE, REAL = timeline([("fake", 0.9)] * 20, 1), timeline([("real", 0.1)] * 20, 2)
UNCLEAR = timeline([("abstain", 0.55)] * 20, 3)
UNSEEN = timeline([("abstain", 0.5)] * 20, 4, "too small")
BRIEF = timeline([("fake", 0.8)] * 5, 5)


def verdict(*faces: Timeline, path: str = "a.mp4", damage: str = "") -> VideoVerdict:
    return VideoVerdict(Path(path), 0.5, 2.0, list(faces), damage)


@pytest.mark.parametrize(
    ("faces", "expected", "score", "reason"),
    [
        ([FAKE], "fake", 0.9, ""),
        ([REAL, FAKE, UNCLEAR], "fake", 0.9, ""),
        ([REAL], "real", 0.1, ""),
        ([REAL, UNSEEN, BRIEF], "real", 0.1, ""),  # someone in the background, and someone who passes by
        ([REAL, UNCLEAR], "abstain", 0.55, "face 3 is unclear"),
        ([BRIEF], "abstain", 0.8, "no face for 1 s"),
        ([UNSEEN], "abstain", 0.5, "no face that can be judged: too small"),
    ],
)
def test_a_video_is_fake_where_a_face_is_and_real_where_all_are(
    faces: list[Timeline], expected: str, score: float, reason: str
) -> None:
    one = verdict(*faces)
    assert one.verdict == expected and one.reason == reason
    assert one.score == pytest.approx(score)


def test_a_line_a_face_and_one_for_the_video() -> None:
    turned = timeline([("real", 0.1)] * 20 + [("fake", 0.8)] * 5 + [("real", 0.1)], 6)
    assert str(verdict(FAKE, turned, UNCLEAR, UNSEEN, UNSEEN)).splitlines() == [
        "fake  0.900  a.mp4  face 1, 0.0 s to 1.9 s",
        "real  0.100  a.mp4  face 6, 0.0 s to 2.5 s (fake for 0.5 s of it)",
        "abstain  0.550  a.mp4  face 3, 0.0 s to 1.9 s (unclear)",
        "abstain  -  a.mp4  2 faces never judged (too small)",
        "fake  0.900  a.mp4",
    ]
    assert str(verdict(UNCLEAR)).splitlines()[-1] == "abstain  0.550  a.mp4  (face 3 is unclear)"
    assert "\x1b" not in str(verdict(REAL, path="\x1b[2J.mp4"))


def test_what_could_not_be_judged_is_one_line() -> None:
    assert verdict(REAL).problem == verdict(FAKE, UNSEEN).problem == ""
    assert verdict(REAL, damage="half is missing").problem == "a.mp4: half is missing"
    assert verdict(UNCLEAR, damage="half is missing").problem == (
        "a.mp4: half is missing, cannot be told (face 3 is unclear)"
    )


def test_the_json_form_carries_the_timelines() -> None:
    values = json.loads(json.dumps(verdict(FAKE, REAL).to_dict()))
    assert values | {"faces": 0} == {
        "path": "a.mp4",
        "score": 0.9,
        "verdict": "fake",
        "reason": "",
        "threshold": 0.5,
        "seconds": 2.0,
        "damage": "",
        "faces": 0,
    }
    assert values["faces"] == [FAKE.to_dict(), REAL.to_dict()]
