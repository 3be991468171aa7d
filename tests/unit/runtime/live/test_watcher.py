"""The watcher as an app has it: pulled, pushed, awaited and called back; never blocked, never growing."""

import asyncio
import gc
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from edgedf.data.drawn import draw_face
from edgedf.errors import EdgedfError, InputError
from edgedf.faces.crop import Box
from edgedf.runtime import Event, Watcher
from edgedf.runtime.live.pipeline import FAILURES
from tests.unit.runtime.live.stubs import (
    FRONT,
    RATE,
    WIDTH,
    Film,
    Pixels,
    StubBackend,
    StubDetector,
    Where,
    at,
    engine,
    film,
    number_of,
    picture,
)


def one_face(number: int) -> Sequence[Box]:
    return [at(160)]


def nobody(number: int) -> Sequence[Box]:
    return []


def crossing(number: int) -> Sequence[Box]:
    """Two who pass each other within three seconds, the second in front."""
    return [at(60 + 2 * number), at(260 - 2 * number)]


def watched(where: Where, frames: int, backend: StubBackend | None = None, **options: object) -> list[Event]:
    """The events of a film."""
    with Watcher(film(where, frames), engine(backend or StubBackend()), detector=StubDetector(where)) as watcher:
        return list(watcher)


def until(what: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def handled(watcher: Watcher, number: int) -> Event:
    """Waits for the event of a frame."""
    until(lambda: (event := watcher.latest()) and event.frame.number == number)
    event = watcher.latest()
    assert event
    return event


# What is said of faces


def test_a_face_is_followed_and_judged_in_every_frame_of_a_film() -> None:
    events = watched(one_face, 60)
    assert [event.frame.number for event in events] == list(range(60))
    assert all(event.dropped == 0 and event.latency_ms > 0 for event in events)
    tracks = [track for event in events for track in event.tracks]
    assert len(tracks) == 60 and {track.id for track in tracks} == {0}
    assert tracks[0].verdict == "abstain" and tracks[0].reason == "too short"
    last = tracks[-1]
    assert last.verdict == "fake" and not last.reason and 0.3 < last.since < 1.5 and last.attention is None
    assert last.score == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-5) and last.box == pytest.approx(at(160))


def test_the_same_film_gives_the_same_events() -> None:
    one, other = ([event.tracks for event in watched(crossing, 60)] for _ in range(2))
    assert one == other


def test_two_people_who_cross_keep_their_numbers() -> None:
    events = watched(crossing, 100)
    for event in events:
        for track in event.tracks:
            wanted = crossing(event.frame.number)[track.id]
            assert abs(track.box[0] - wanted[0]) < 20, f"frame {event.frame.number}"
    assert {track.id for track in events[-1].tracks} == {0, 1}


def test_a_cut_ends_every_track() -> None:
    pictures = (picture(number, [at(160)], scene=number // 30) for number in range(60))
    with Watcher(Film(pictures), engine(StubBackend()), detector=StubDetector(one_face)) as watcher:
        numbers = [{track.id for track in event.tracks} for event in watcher]
    assert numbers == [{0}] * 30 + [{1}] * 30


def test_forty_faces_at_once_are_all_judged_in_batches() -> None:
    def crowd(number: int) -> Sequence[Box]:
        return [(130.0 * (i % 8), 130.0 * (i // 8), 100, 100) for i in range(40)]

    plain = np.random.default_rng(0).integers(60, 200, (700, 1100, 3)).astype(np.uint8)
    backend = StubBackend(-2.0)
    with Watcher(Film(plain for _ in range(45)), engine(backend), detector=StubDetector(crowd)) as watcher:
        events = list(watcher)
    assert [track.id for track in events[-1].tracks] == list(range(40))
    assert {track.verdict for track in events[-1].tracks} == {"real"}
    assert max(backend.batches) == 32


@pytest.mark.parametrize(
    ("reason", "side", "nose", "light"),
    [("too small", 40, 0.5, 1), ("profile", 80, 0.72, 1), ("too dark", 80, 0.5, 0.1), ("too blurred", 80, 0.5, 0)],
)
def test_it_abstains_where_a_face_tells_nothing_and_spares_the_model(
    reason: str, side: float, nose: float, light: float
) -> None:
    points = FRONT.copy()
    points[2, 0] = nose
    backend = StubBackend()
    people = [at(160, side=side)]
    pixels = (picture(0, people) * light).astype(np.uint8) if light else np.full((180, 320, 3), 128, np.uint8)
    source = Film(pixels for _ in range(30))
    with Watcher(source, engine(backend), detector=StubDetector(lambda _: people, points=points)) as watcher:
        events = list(watcher)
    assert {(track.verdict, track.reason) for event in events for track in event.tracks} == {("abstain", reason)}
    assert not backend.batches


def test_it_abstains_on_faces_unlike_those_of_training() -> None:
    far = {"embeddings": {"mean": [9.0] * 3, "deviation": [1.0] * 3, "limit": 3.0}}
    model = engine(StubBackend(), provenance=far)
    with Watcher(film(one_face, 30), model, detector=StubDetector(one_face)) as watcher:
        assert {track.reason for event in watcher for track in event.tracks} == {"out of distribution"}


def test_the_manifests_temporal_is_used() -> None:
    model = engine(StubBackend(), temporal={"enter": 1000.0})
    with Watcher(film(one_face, 60), model, detector=StubDetector(one_face)) as watcher:
        assert {track.verdict for event in watcher for track in event.tracks} == {"abstain"}


def test_the_default_bundle_follows_drawn_faces_that_pass_each_other() -> None:
    faces = [draw_face(np.random.default_rng(seed), fake=False)[::2, ::2] for seed in (0, 1)]

    def scene(number: int) -> Pixels:
        frame = np.full((240, 480, 3), 120, np.uint8)
        for face, x, y in zip(faces, (10 + 6 * number, 340 - 6 * number), (0, 112), strict=True):
            frame[y : y + 128, x : x + 128] = face
        return frame

    with Watcher(Film(scene(number) for number in range(50)), attention=True) as watcher:
        events = list(watcher)
        stats = watcher.stats
        assert "for research and evaluation only" in watcher.notes[0]
    for event in events:
        assert [track.id for track in event.tracks] == [0, 1]
        tops = [track.box[1] + track.box[3] / 2 for track in event.tracks]
        assert (tops[0] < tops[1]) == (events[0].tracks[0].box[1] < events[0].tracks[1].box[1])
    for track in events[-1].tracks:
        assert 0 <= track.score <= 1 and track.attention is not None and track.attention.ndim == 2
    assert stats.looks < 25 and stats.faces >= 2 and all(stats.busy_s[name] > 0 for name in ("detect", "engine"))


# Frames that are submitted


def test_submitted_frames_are_judged_and_the_buffer_is_the_callers() -> None:
    seen: list[int] = []

    def noted(number: int) -> Sequence[Box]:
        seen.append(number)
        return one_face(number)

    with Watcher(model=engine(StubBackend()), detector=StubDetector(noted)) as watcher:
        assert watcher.latest() is None
        buffer = picture(7, [at(160)])
        assert watcher.submit(buffer, 5.0) == 0
        buffer[:] = 0
        event = handled(watcher, 0)
        assert event.frame_time == 5.0 and [track.id for track in event.tracks] == [0]
        assert number_of(event.frame.pixels) == 7 and seen == [7]


@pytest.mark.parametrize("slow", ["detector", "model", "callback"])
def test_submit_never_waits_for_what_is_slow(slow: str) -> None:
    """What comes while it works is dropped but for the newest, and counted."""
    seconds = 10 / RATE
    detector = StubDetector(one_face, seconds if slow == "detector" else 0)
    backend = StubBackend(seconds=seconds if slow == "model" else 0)
    on_event = (lambda _: time.sleep(seconds)) if slow == "callback" else None
    took = []
    frames = [picture(number, [at(160)]) for number in range(60)]
    with Watcher(model=engine(backend), detector=detector, on_event=on_event) as watcher:
        for number, frame in enumerate(frames):
            start = time.perf_counter()
            watcher.submit(frame, number / RATE)
            took.append(time.perf_counter() - start)
            time.sleep(0.01)
        handled(watcher, len(frames) - 1)
        until(lambda: watcher.stats.frames + watcher.stats.dropped == len(frames))
        assert watcher.stats.dropped > (10 if slow == "callback" else 0)
    assert np.median(took) < 0.005


def test_events_that_nobody_fetches_do_not_pile_up() -> None:
    with Watcher(model=engine(StubBackend()), detector=StubDetector(one_face)) as watcher:
        for number in range(50):
            watcher.submit(picture(number), number / RATE)
            handled(watcher, number)
        assert next(iter(watcher)).frame.number == 49


@pytest.mark.parametrize("times", [[0, 1, 2, -5, -4, -3], [3, 3, 3, 3, 3, 3], [1e9, 0, 1e9, 0, 1e9, 0]])
def test_times_rise_whatever_the_clock_does(times: list[float]) -> None:
    with Watcher(model=engine(StubBackend()), detector=StubDetector(one_face)) as watcher:
        found = []
        for number, moment in enumerate(times):
            watcher.submit(picture(number, [at(160)]), moment)
            event = handled(watcher, number)
            assert all(track.since <= event.frame_time for track in event.tracks)
            found.append(event.frame_time)
    assert all(before < after for before, after in pairwise(found))


def test_what_is_no_frame_is_refused_at_once() -> None:
    with Watcher(model=engine(StubBackend()), detector=StubDetector(nobody)) as watcher:
        shapes = (180, 320), (180, 320, 4), (8, 320, 3)
        for wrong in (*(np.zeros(shape, np.uint8) for shape in shapes), np.zeros((180, 320, 3)), None):
            with pytest.raises(InputError, match=r"a frame is .*: give uint8 arrays"):  # None: of OpenCV without camera
                watcher.submit(wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="no time"):
            watcher.submit(picture(0), float("nan"))
    with (
        Watcher(film(nobody, 1), engine(StubBackend()), detector=StubDetector(nobody)) as watcher,
        pytest.raises(InputError, match="has a source"),
    ):
        watcher.submit(picture(0))
    with pytest.raises(InputError, match="deadline"):
        Watcher(model=engine(StubBackend()), deadline_ms=0)


# Sources


def test_a_live_source_is_read_at_its_pace_and_a_slow_consumer_gets_the_newest() -> None:
    source = film(one_face, 40, live=True, rate=200)
    with Watcher(source, engine(StubBackend()), detector=StubDetector(one_face)) as watcher:
        numbers = []
        for event in watcher:
            numbers.append(event.frame.number)
            time.sleep(10 / source.rate)
    assert numbers == sorted(numbers) and numbers[-1] == 39 and 2 <= len(numbers) < 20


def test_leaving_the_loop_ends_threads_and_source() -> None:
    source = film(one_face, 10**6, live=True)
    before = threading.active_count()
    for event in Watcher(source, engine(StubBackend()), detector=StubDetector(one_face)):
        assert event.frame.number >= 0
        break
    gc.collect()
    until(lambda: threading.active_count() == before)
    assert source.closed.is_set()


def test_a_closed_watcher_stays_closed() -> None:
    watcher = Watcher(film(one_face, 10), engine(StubBackend()), detector=StubDetector(one_face))
    assert len(list(watcher)) == 10
    watcher.close()
    assert list(watcher) == []
    with Watcher(model=engine(StubBackend()), detector=StubDetector(one_face)) as pushed:
        pushed.submit(picture(0))
    never = Watcher(model=engine(StubBackend()), detector=StubDetector(one_face))
    never.close()
    threads = threading.active_count()
    for one in (pushed, never):
        with pytest.raises(InputError, match="closed"):
            one.submit(picture(1))
    assert list(never) == [] and threading.active_count() == threads


def test_async_loops_get_the_same_events_and_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> tuple[list[int], int, int]:
        numbers, ticks = [], 0

        async def ticking() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        task = asyncio.create_task(ticking())
        async for event in Watcher(
            film(one_face, 20), engine(StubBackend(seconds=0.02)), detector=StubDetector(one_face)
        ):
            numbers.append(event.frame.number)
        source = film(one_face, 20)
        monkeypatch.setattr(source, "close", lambda: time.sleep(0.3))
        events = aiter(Watcher(source, engine(StubBackend()), detector=StubDetector(one_face)))
        await anext(events)
        before = ticks
        await events.aclose()  # type: ignore[attr-defined]
        task.cancel()
        return numbers, before, ticks

    numbers, before, ticks = asyncio.run(main())
    assert numbers == list(range(20)) and before >= 3 and ticks >= before + 3


def test_fifty_loops_that_are_given_up_at_any_moment_leave_no_thread() -> None:
    async def loop() -> None:
        async for _ in Watcher(film(one_face, 1000), model, detector=StubDetector(one_face)):
            await asyncio.sleep(0.001)

    async def main() -> None:
        draw = np.random.default_rng(0)
        for _ in range(50):
            task = asyncio.create_task(loop())
            await asyncio.sleep(draw.uniform(0, 0.03))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            del task
            await asyncio.to_thread(until, lambda: "edgedf-watcher" not in {one.name for one in threading.enumerate()})

    model, before = engine(StubBackend(seconds=0.002)), set(threading.enumerate())
    asyncio.run(main())
    assert set(threading.enumerate()) == before
    assert model.predict(np.zeros((1, 256, 256, 3), np.uint8)).shape == (1,)  # not the watcher's: it stays open


def test_a_callback_gets_every_event_of_a_film_and_its_error_comes_out() -> None:
    events: list[Event] = []
    with Watcher(
        film(one_face, 20), engine(StubBackend()), detector=StubDetector(one_face), on_event=events.append
    ) as watcher:
        watcher.wait()
        with pytest.raises(InputError, match="on_event"):
            next(iter(watcher))
    assert [event.frame.number for event in events] == list(range(20))

    def failing(event: Event) -> None:
        raise ValueError("of the app")

    for live in (False, True):
        source = film(one_face, 10**6, live)  # a live one is read on a thread of its own, and has no end
        broken = Watcher(source, engine(StubBackend()), detector=StubDetector(one_face), on_event=failing)
        with pytest.raises(ValueError, match="of the app"):
            broken.wait()
        until(source.closed.is_set)


def test_a_callback_that_exits_ends_the_wait() -> None:
    def leaving(event: Event) -> None:
        raise SystemExit(3)

    source = film(one_face, 10**6, live=True)
    watcher = Watcher(source, engine(StubBackend()), detector=StubDetector(one_face), on_event=leaving)
    with pytest.raises(SystemExit):
        watcher.wait()


def test_a_callback_may_close_and_hears_no_more() -> None:
    seen: list[int] = []

    def closing(event: Event) -> None:
        seen.append(event.frame.number)
        watcher.submit(picture(1))  # waits when it is closed
        watcher.close()

    watcher = Watcher(model=engine(StubBackend()), detector=StubDetector(one_face), on_event=closing)
    watcher.submit(picture(0))
    watcher.wait()
    assert seen == [0] and watcher.stats.failures == 0


# What goes wrong


@pytest.mark.parametrize("part", ["detector", "model"])
def test_a_failure_of_a_moment_leaves_the_faces_as_they_are(part: str) -> None:
    detector, backend = StubDetector(one_face), StubBackend()
    failing = detector if part == "detector" else backend
    with Watcher(film(one_face, 120), engine(backend), detector=detector) as watcher:
        verdicts = []
        for event in watcher:
            failing.failing = 60 <= event.frame.number < 75
            verdicts.append([(track.id, track.verdict) for track in event.tracks])
        assert 0 < watcher.stats.failures < FAILURES
    assert verdicts[50:] == [[(0, "fake")]] * 70


@pytest.mark.parametrize(("part", "message"), [("detector", "no memory"), ("model", "the device is lost")])
def test_a_failure_that_lasts_reaches_the_consumer(part: str, message: str) -> None:
    detector, backend = StubDetector(one_face), StubBackend()
    (detector if part == "detector" else backend).failing = True
    with Watcher(film(one_face, 500), engine(backend), detector=detector) as watcher:
        with pytest.raises(EdgedfError, match=f"the {part} failed {FAILURES} times in a row .*{message}"):
            list(watcher)
        lengths = set()
        for _ in range(3):
            with pytest.raises(EdgedfError, match=message) as caught:
                watcher.latest()
            lengths.add(len(caught.traceback))
        assert len(lengths) == 1, "an app that goes on would keep the frames of every call"
    assert watcher.stats.failures == FAILURES


def test_a_failure_that_lasts_reaches_who_submits() -> None:
    detector = StubDetector(one_face)
    detector.failing = True
    with (
        Watcher(model=engine(StubBackend()), detector=detector) as watcher,
        pytest.raises(EdgedfError, match="no memory"),
    ):
        for number in range(10_000):
            watcher.submit(picture(number), float(number))
            time.sleep(0.001)


@pytest.mark.parametrize("live", [False, True])
def test_a_source_that_fails_reaches_the_consumer_after_its_last_event(live: bool) -> None:
    def pictures() -> object:
        yield picture(0, [at(160)])
        raise InputError("the camera is gone")

    source = Film(pictures(), live=live)  # type: ignore[arg-type]
    with Watcher(source, engine(StubBackend()), detector=StubDetector(one_face)) as watcher:
        events = iter(watcher)
        assert next(events).frame.number == 0
        with pytest.raises(InputError, match="the camera is gone"):
            next(events)


# What grows


def test_a_minute_without_a_face_cost_hardly_a_look() -> None:
    pixels = picture(0)
    detector = StubDetector(nobody)
    with Watcher(Film(pixels for _ in range(60 * RATE)), engine(StubBackend()), detector=detector) as watcher:
        assert not any(event.tracks for event in watcher)
        assert watcher.stats.looks == detector.calls < 2.2 * 60


def test_memory_is_flat_while_people_come_and_go() -> None:
    """Each person walks through the picture in a second, so that many frames see dozens of them."""

    def walking(number: int) -> Sequence[Box]:
        return [at(-40 + (WIDTH + 80) * (number % RATE) / RATE)]

    pictures = [picture(number, walking(number)) for number in range(RATE)]
    source = Film(pictures[number % RATE] for number in range(1500))
    watcher = Watcher(source, engine(StubBackend()), detector=StubDetector(walking))
    sizes, highest = [], 0
    tracemalloc.start()
    try:
        for event in watcher:
            highest = max([highest, *(track.id for track in event.tracks)])
            if event.frame.number % 300 == 299:
                del event
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert highest > 30
    assert sizes[-1] - sizes[1] < 100_000, sizes
