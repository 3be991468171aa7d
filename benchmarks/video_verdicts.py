"""What is summing evidence over time worth? By video: the mean of the frames' scores beside the watcher's verdicts.

    clip -> the watcher follows its faces -> each frame's score by itself, and the verdict over time of `edgedf detect`
    a video's score is that of its most fake face, of those seen for a second that could be judged

One table: AUC and F1 by video with intervals over groups, the threshold of F1 cross-fitted over them; what the reals
and the fakes were called by the bundle's own threshold, without any fitting; how often a minute a face's verdict
changed. Below it, how long a face waits for its first verdict.

Run by `python benchmarks/video_verdicts.py --data CLIPS`, a data set of videos. With `--temporal CROPS`, frames of the
same clips as `edgedf data prepare` cuts them, the convolution over time of student/temporal.py stands beside them,
trained nested by groups.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from numpy.typing import NDArray

from edgedf.console import say
from edgedf.data.readers import open_dataset
from edgedf.data.trees import pictures_and_videos
from edgedf.errors import InputError
from edgedf.faces.crop import CropRule
from edgedf.guard import run_alone
from edgedf.markdown import table
from edgedf.metrics import WORTH, Evaluation, auc_difference, evaluate
from edgedf.programs import run
from edgedf.runtime import Engine, Event
from edgedf.runtime.live.event import Decision
from edgedf.runtime.video.judge import judge_video
from edgedf.runtime.video.timeline import Timeline
from edgedf.runtime.video.verdict import VideoVerdict, together
from edgedf.shipped import DEFAULT_STUDENT

FRAMES, END, DETECT = "mean of the frames' scores", "evidence at the end", "edgedf detect"
LEARNED = "convolution over time"
DECISIONS: tuple[Decision, ...] = ("real", "fake", "abstain")


class Said(NamedTuple):
    """What one way of judging says of a video.

    Attributes:
        score: P(fake).
        verdict: By the bundle's own threshold.
        changes: Of the verdicts of its faces.
    """

    score: float
    verdict: Decision
    changes: int


class Judged(NamedTuple):
    """A video.

    Attributes:
        said: By each way.
        faces: Those that its verdict rests on.
    """

    said: dict[str, Said]
    faces: list[Timeline]


def main(*, data: Path, model: Path = DEFAULT_STUDENT, temporal: Path | None = None) -> dict[str, Any]:
    """Judges all videos of a data set and prints what each way is worth.

    Args:
        data: Data set of videos.
        model: A bundle.
        temporal: Data set of crops of these videos, for the convolution over time.

    Returns:
        By way of judging: its evaluation, what reals and fakes were called, and changes a minute; the gains in AUC over
        the mean of the frames with their intervals; and the waits for a first verdict.
    """
    clips = open_dataset(data, log=say, listing=pictures_and_videos)
    with Engine.load(model, threads=1) as engine:
        judged = [judge(engine, path) for path in clips.paths]
    minutes = sum(face.seconds for one in judged for face in one.faces) / 60
    labels = clips.labels
    ways = {name: _worth(name, judged, labels, clips.groups, minutes) for name in (FRAMES, END, DETECT)}
    frames = _scores(FRAMES, judged)
    gains = {name: auc_difference(labels, _scores(name, judged), frames, clips.groups) for name in (END, DETECT)}
    if temporal:
        found = run("student/temporal.py", bundle=model, data=temporal)
        ways[LEARNED] = {"evaluation": found["evaluations"][LEARNED]}
    result = {"videos": len(clips), "fakes": int(labels.sum()), "groups": len(set(clips.groups)), "ways": ways}
    result |= {"gains": {name: vars(one) for name, one in gains.items()}, "first_verdict": waits(judged)}
    _tell(result)
    for name, gain in gains.items():
        say(f"AUC of {name} less that of the {FRAMES}: {gain}")
    return result


def judge(engine: Engine, path: Path) -> Judged:
    """Judges a video each way; one that shows no face, or cannot be read, has the threshold as its score."""
    alone = _Frames(engine)
    try:
        verdict = judge_video(engine, path, on_event=alone)
    except InputError as error:
        say(str(error))
        return Judged(dict.fromkeys((FRAMES, END, DETECT), Said(engine.threshold, "abstain", 0)), [])
    faces = verdict.counted
    scores = {face.face: np.array(alone.scores[face.face]) for face in faces or verdict.faces}
    return Judged(
        {
            FRAMES: _by_frames(list(scores.values()), engine.threshold),
            END: _at_the_end(verdict),
            DETECT: Said(verdict.score, verdict.verdict, sum(one.changes for one in faces)),
        },
        faces,
    )


class _Frames:
    """Scores every face of every frame by itself, as a loop without a memory does."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._rule = engine, CropRule.from_dict(engine.manifest.input.crop)
        self.scores: dict[int, list[float]] = {}

    def __call__(self, event: Event) -> None:
        if event.tracks:
            crops = np.stack([self._rule.cut(event.frame.pixels, one.box) for one in event.tracks])
            for one, score in zip(event.tracks, self._engine.predict(crops).tolist(), strict=True):
                self.scores.setdefault(one.id + 1, []).append(score)


def _by_frames(faces: Sequence[NDArray[np.float64]], threshold: float) -> Said:
    score = max(float(scores.mean()) for scores in faces)
    changes = sum(int(np.count_nonzero(np.diff(scores >= threshold))) for scores in faces)
    return Said(score, "fake" if score >= threshold else "real", changes)


def _at_the_end(verdict: VideoVerdict) -> Said:
    faces = verdict.counted
    score = max(face.scores[-1] for face in faces or verdict.faces)
    return Said(score, together(face.spans[-1].verdict for face in faces), sum(face.changes for face in faces))


def _scores(name: str, judged: Sequence[Judged]) -> NDArray[np.float64]:
    return np.array([one.said[name].score for one in judged])


def _worth(
    name: str, judged: Sequence[Judged], labels: NDArray[np.uint8], groups: Sequence[str], minutes: float
) -> dict[str, Any]:
    """What one way is worth on all videos."""
    called = Counter((int(label), one.said[name].verdict) for label, one in zip(labels, judged, strict=True))
    return {
        "evaluation": evaluate(labels, _scores(name, judged), groups, rule="f1").to_dict(),
        "called": {
            truth: {verdict: called[label, verdict] for verdict in DECISIONS}
            for label, truth in enumerate(("real", "fake"))
        },
        "changes_a_minute": sum(one.said[name].changes for one in judged) / minutes if minutes else 0.0,
    }


def waits(judged: Sequence[Judged]) -> dict[str, Any]:
    """How long the faces waited for their first verdict, in seconds, and how many never had one."""
    found = [face.first_verdict_s for one in judged for face in one.faces]
    times = [wait for wait in found if wait is not None]
    p50, p90 = np.quantile(times, (0.5, 0.9)).tolist() if times else (None, None)
    return {"faces": len(found), "never": len(found) - len(times), "p50_s": p50, "p90_s": p90}


def _tell(result: dict[str, Any]) -> None:
    say(f"{result['videos']} videos, {result['fakes']} fake, {result['groups']} groups; 95 % intervals over groups")
    say()
    calls = "/".join(DECISIONS)
    header = ["by video", *WORTH, f"reals called {calls}", f"fakes called {calls}", "changes a minute"]
    say(table(header, [[name, *_cells(way)] for name, way in result["ways"].items()]))
    say()
    wait = result["first_verdict"]
    if wait["p50_s"] is not None:
        say(f"first verdict of a face after {wait['p50_s']:.2f} s (median), {wait['p90_s']:.2f} s (p90)")
    say(f"{wait['never']} of {wait['faces']} faces that were judged and seen for a second never had one")


def _cells(way: dict[str, Any]) -> list[str]:
    evaluation = Evaluation.from_dict(way["evaluation"])
    figures = [str(getattr(evaluation, key)) for key in WORTH]
    if "called" not in way:
        return [*figures, "", "", ""]
    called = ["/".join(map(str, verdicts.values())) for verdicts in way["called"].values()]
    return [*figures, *called, f"{way['changes_a_minute']:.1f}"]


def measured(
    data: Annotated[Path, typer.Option(help="Data set of videos.")],
    model: Annotated[Path, typer.Option(help="A bundle.")] = DEFAULT_STUDENT,
    temporal: Annotated[
        Path | None, typer.Option(help="Data set of crops of the videos: also tries a convolution over time.")
    ] = None,
) -> dict[str, Any]:
    """Judges videos by their frames and over time."""
    return main(data=data, model=model, temporal=temporal)


if __name__ == "__main__":
    run_alone(measured)
