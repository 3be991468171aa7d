"""A frame in, its event out: detect now and then, follow between, cut, judge, sum up."""

import math
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError, UnavailableError, first_line
from edgedf.faces.crop import Box, CropRule
from edgedf.faces.decoding import Faces, Floats
from edgedf.faces.detectors import Detector
from edgedf.runtime.engine import Engine, Result
from edgedf.runtime.live.clock import RisingClock
from edgedf.runtime.live.event import Event, FaceTrack
from edgedf.runtime.live.familiar import familiar
from edgedf.runtime.live.frame import Frame
from edgedf.runtime.live.pace import Due, Pace
from edgedf.runtime.live.quality import Quality, of_box, of_crop
from edgedf.runtime.live.stats import Meter
from edgedf.runtime.live.temporal import Evidence, Temporal
from edgedf.runtime.live.thumbnails import appearances, change, is_cut, thumbnail
from edgedf.runtime.live.tracks import Track, Tracks

FAILURES = 20
"""Of detector or model in a row: one may be the moment's, so many are not."""

T = TypeVar("T")


class Case:
    """What is known of one face: its evidence, how well it was seen last and when, and where the evidence lay."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.quality, self.seen = Quality(0.0), -math.inf
        self.attention: Floats | None = None


class Pipeline:
    """Follows and judges the faces of one stream, frame by frame.

    Args:
        engine: Judges the faces.
        detector: Finds them; of the bundle's crop rule.
        pace: Says when to look, and at whom.
        meter: Counts and times.
        attention: Whether faces carry their attention map.
    """

    def __init__(self, engine: Engine, detector: Detector, pace: Pace, meter: Meter, attention: bool) -> None:
        self._engine, self._detector, self._pace, self._meter = engine, detector, pace, meter
        self._attention = attention
        self._rule = CropRule.from_dict(engine.manifest.input.crop)
        self._temporal = Temporal.from_dict(engine.manifest.temporal)
        self._familiar = familiar(engine.manifest.provenance)
        self._tracks, self._cases = Tracks(), dict[int, Case]()
        self._before: Floats | None = None  # thumbnails of the frame before, and of the last that was looked at
        self._looked: Floats | None = None
        self._failed = {"detector": 0, "model": 0}
        self._clock, self._number = RisingClock(leaps=True), -1  # of the frame before

    def event(self, frame: Frame, taken: float) -> Event:
        """What is to be told of the next frame, on a time that rises.

        Args:
            frame: It.
            taken: When it was, by `time.perf_counter`.

        Raises:
            EdgedfError: Detector or model fail for long.
        """
        frame = frame._replace(time=self._clock.time(frame.time, taken))
        dropped = self._meter.count("dropped", max(frame.number - self._number - 1, 0))
        faces = self.follow(frame)
        milliseconds = (time.perf_counter() - taken) * 1000
        self._meter.latency(milliseconds)
        self._meter.count("frames")
        self._number = frame.number
        return Event(frame, faces, milliseconds, dropped)

    def follow(self, frame: Frame) -> tuple[FaceTrack, ...]:
        """The faces of the next frame, whose time is above that of the one before.

        Raises:
            EdgedfError: Detector or model fail for long.
        """
        with self._meter.stage("verdict"):
            small = thumbnail(frame.pixels)
            if self._before is None or is_cut(self._before, small):
                self._tracks.end()
                self._looked = None
            self._before = small
            moved = math.inf if self._looked is None else change(self._looked, small)
            due = moved == math.inf or self._pace.is_due(frame.time, moved, [one.speed for one in self._tracks])
        if due:
            start = time.perf_counter()
            self._look(frame)
            self._looked = small
            self._pace.looked(frame.time, time.perf_counter() - start)
        with self._meter.stage("verdict"):
            return tuple(self._told(track, frame.time) for track in self._tracks.shown)

    def _look(self, frame: Frame) -> None:
        """Finds the faces, links them to those before, and judges some."""
        self._meter.count("looks")
        with self._meter.stage("detect"):
            found = self._tried("detector", lambda: self._detector.detect([frame.pixels]))
        if found is None:
            return
        [faces] = found
        faces = faces.take(np.asarray((faces.boxes[:, 2:] >= 1).all(axis=1)))
        with self._meter.stage("verdict"):
            looks = appearances(frame.pixels, faces.boxes)
            tracks = self._tracks.update(frame.time, faces.boxes, looks)
            self._cases = {track.id: self._case(track) for track in self._tracks}
        named = [(track, i) for i, track in enumerate(tracks) if track is not None]
        self._judge(frame, faces.take(np.array([i for _, i in named], np.intp)), [track for track, _ in named])

    def _case(self, track: Track) -> Case:
        if track.id in self._cases:
            return self._cases[track.id]
        artefact = self._engine.artefact
        return Case(Evidence(self._temporal, self._engine.threshold, artefact.point.temperature, track.found))

    def _judge(self, frame: Frame, faces: Faces, tracks: Sequence[Track]) -> None:
        """Cuts and judges those faces that are due and can tell something."""
        start = time.perf_counter()
        cases = [self._cases[track.id] for track in tracks]
        dues = [Due(case.seen, case.evidence.verdict != "abstain") for case in cases]
        chosen = self._pace.chosen(frame.time, dues)
        with self._meter.stage("crop"):
            crops = {i: crop for i in chosen if (crop := self._crop(frame, faces, i, cases[i])) is not None}
        if not crops:
            return
        with self._meter.stage("engine"):
            result = self._tried("model", lambda: self._engine.run(np.stack(list(crops.values()))))
        self._pace.judged(time.perf_counter() - start, len(crops))
        if result is not None:
            self._meter.count("faces", len(crops))
            self._add(frame.time, [cases[i] for i in crops], result)

    def _crop(self, frame: Frame, faces: Faces, place: int, case: Case) -> NDArray[np.uint8] | None:
        """The crop of a face, and its quality noted; None where it tells nothing."""
        height, width = frame.pixels.shape[:2]
        square = self._rule.square(_box(faces.boxes[place]), width, height)
        case.seen = frame.time
        case.quality = of_box(square[2], faces.points[place])
        if case.quality.reason:
            return None
        crop = self._rule.cut_square(frame.pixels, square)
        light = of_crop(crop)
        case.quality = min(case.quality, light)
        return None if light.reason else crop

    def _add(self, time: float, cases: Sequence[Case], result: Result) -> None:
        known = self._familiar(result.embedding) if self._familiar else np.ones(len(cases), np.bool_)
        for i, case in enumerate(cases):
            if not known[i]:
                case.quality = Quality(0.0, "out of distribution")
            case.evidence.add(time, float(result.logit[i]), result.attention[i], case.quality.weight)
            if self._attention:
                case.attention = result.attention[i]

    def _told(self, track: Track, time: float) -> FaceTrack:
        case = self._cases[track.id]
        reason = case.evidence.decide(time)
        told = reason and (case.quality.reason or reason)
        evidence = case.evidence
        return FaceTrack(
            track.id, track.at(time), evidence.score, evidence.verdict, evidence.since, told, case.attention
        )

    def _tried(self, part: str, call: Callable[[], T]) -> T | None:
        """What a call gives; None where it fails, but for too often in a row."""
        try:
            result = call()
        except UnavailableError:  # of an engine or detector of before a fork: that never heals
            raise
        except Exception as error:  # of any library
            self._meter.count("failures")
            self._failed[part] += 1
            if self._failed[part] >= FAILURES:
                times = f"{FAILURES} times in a row"
                raise EdgedfError(f"the {part} failed {times} ({type(error).__name__}: {first_line(error)})") from error
            return None
        self._failed[part] = 0
        return result


def _box(values: Floats) -> Box:
    x, y, width, height = values.tolist()
    return x, y, width, height
