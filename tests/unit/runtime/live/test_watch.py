"""What `edgedf watch` says of a stream, and how it ends."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from edgedf import console
from edgedf.runtime.live.event import Event
from edgedf.runtime.live.watch import REMEMBERED, Turns, tell, watch
from tests.drawn_stream import DECIDED, event, events


def test_a_line_a_face_when_its_verdict_changes_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    watch(events(DECIDED + 3), [tell])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2:5] for line in lines] == [
        *(["face", str(i), "abstain"] for i in range(3)),
        ["face", "0", "real"],
        ["face", "1", "fake"],
    ]
    assert lines[0] == "    0.00 s  face 0  abstain  0.50  (too few frames)"


def test_in_json_mode_every_event_is_a_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    console.use_json(True)
    watch(events(3), [tell])
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == [one.to_dict() for one in events(3)]
    assert len(printed.err.splitlines()) == 3


def test_a_reason_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    one = event()
    tell(one, [one.tracks[0]._replace(reason="\x1b[2J")])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_was_seen(number: signal.Signals) -> None:
    def stream() -> Iterator[Event]:
        yield from events(5)
        os.kill(os.getpid(), number)
        while True:  # a camera that has nothing to show
            signal.pause()

    before = signal.getsignal(signal.SIGTERM)
    summary = watch(stream(), [])
    assert summary.to_dict() | {"latency_ms_p50": 0, "latency_ms_p99": 0} == {
        "frames": 5,
        "dropped": 4,
        "fakes": 0,
        "latency_ms_p50": 0,
        "latency_ms_p99": 0,
    }
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_summary_is_a_line() -> None:
    summary = watch((one._replace(latency_ms=8.0) for one in events(DECIDED + 1)), [])
    assert str(summary) == "11 frames, 10 dropped, 1 times fake, latency 8.0 ms, p99 8.0 ms"
    assert str(watch([], [])) == "0 frames, 0 dropped, 0 times fake, no frame"


def test_a_long_stream_of_faces_is_not_remembered_whole() -> None:
    turns, one = Turns(), event()
    for i in range(REMEMBERED + 5):
        assert turns.of(one._replace(tracks=(one.tracks[0]._replace(id=i),)))
    assert not turns.of(one._replace(tracks=(one.tracks[0]._replace(id=REMEMBERED),)))
    assert turns.of(one)  # the first was forgotten
