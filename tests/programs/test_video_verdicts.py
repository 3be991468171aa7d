"""`benchmarks/video_verdicts.py` on made clips whose truth is plain."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgedf.data.dataset import write_dataset
from edgedf.programs import load
from edgedf.runtime.live.event import Decision
from tests.programs.conftest import MakeBundle
from tests.unit.runtime.video.films import BLUE, RED, film, people, timeline

program = load("benchmarks/video_verdicts.py")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Of two groups, a red and a blue person each; in one of them a clip that shows nobody, too."""
    root = tmp_path / "clips"
    root.mkdir()
    for name, colour in (("a-fake", RED), ("a-real", BLUE), ("b-fake", RED), ("b-real", BLUE)):
        film(root / f"{name}.mkv", [people([colour])] * 14)
    film(root / "a-none.mkv", [np.full((64, 64, 3), 90, np.uint8)] * 3)
    names = ["a-fake", "a-real", "b-fake", "b-real", "a-none"]
    write_dataset(
        root,
        {
            "path": [f"{name}.mkv" for name in names],
            "label": ["fake" if "fake" in name else "real" for name in names],
            "split": ["val"] * 5,
            "group": [name[0] for name in names],
        },
    )
    return root


def test_each_way_is_worth_what_the_clips_are_made_for(
    clips: Path, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def temporal(name: str, **options: Any) -> dict[str, Any]:
        evaluation = program.evaluate(np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.2, 0.8]), list("aabb"), rule="f1")
        return {"evaluations": {program.LEARNED: evaluation.to_dict()}}

    monkeypatch.setattr(program, "run", temporal)
    result = program.main(data=clips, model=make_bundle("red", 40), temporal=clips)
    assert (result["videos"], result["fakes"], result["groups"]) == (5, 2, 2)
    for name in (program.FRAMES, program.END, program.DETECT):
        way = result["ways"][name]
        assert way["evaluation"]["auc"]["value"] == 1
        assert way["called"]["real"] == {"real": 2, "fake": 0, "abstain": 1}
        assert way["called"]["fake"] == {"real": 0, "fake": 2, "abstain": 0}
        assert way["changes_a_minute"] == 0
    assert result["gains"][program.DETECT]["value"] == 0
    assert result["first_verdict"]["faces"] == 4 and result["first_verdict"]["never"] == 0
    assert 0 < result["first_verdict"]["p50_s"] <= result["first_verdict"]["p90_s"] < 1.3
    printed = capsys.readouterr().out
    assert "a-none.mkv: no face found" in printed
    assert f"| {program.DETECT} | 1.000 [" in printed and "| 2/0/1 | 0/2/0 | 0.0 |" in printed
    assert f"| {program.LEARNED} | 1.000" in printed


def test_flicker_of_frames_is_counted_by_face() -> None:
    faces = [np.array([0.1, 0.9, 0.1, 0.9]), np.array([0.2, 0.2, 0.9, 0.9])]
    said = program._by_frames(faces, 0.5)
    assert (said.score, said.verdict, said.changes) == (pytest.approx(0.55), "fake", 4)


def test_faces_that_never_had_a_verdict_are_counted_apart() -> None:
    def face(*verdicts: Decision) -> Any:
        return timeline([(one, 0.7) for one in verdicts])

    def judged(faces: Sequence[Any]) -> Any:
        return program.Judged({}, faces)

    videos = [judged([face("abstain", "abstain", "fake"), face("abstain")]), judged([face("real")])]
    assert program.waits(videos) == {
        "faces": 3,
        "never": 1,
        "p50_s": pytest.approx(0.1),
        "p90_s": pytest.approx(0.18),
    }
    assert program.waits([])["p50_s"] is None
