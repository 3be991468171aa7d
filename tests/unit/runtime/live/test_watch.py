"""What `edgedf watch` says of a stream, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from edgedf import cli, console
from edgedf.runtime.live.watch import REMEMBERED, Turns, follow, tell
from tests.drawn_stream import DECIDED, event, events


def test_a_line_a_face_when_its_verdict_changes_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    follow(events(DECIDED + 3), [tell])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2:5] for line in lines] == [
        *(["face", str(i), "abstain"] for i in range(3)),
        ["face", "0", "real"],
        ["face", "1", "fake"],
    ]
    assert lines[0] == "    0.00 s  face 0  abstain  0.50  (too few frames)"


def test_in_json_mode_every_event_is_a_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    console.use_json(True)
    follow(events(3), [tell])
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == [one.to_dict() for one in events(3)]
    assert len(printed.err.splitlines()) == 3


def test_a_reason_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    one = event()
    tell(one, [one.tracks[0]._replace(reason="\x1b[2J")])
    assert "\x1b" not in capsys.readouterr().out


STOPPED = """
import signal, sys
from edgedf.runtime.live.watch import follow
from tests.drawn_stream import events

def stream():
    yield from events(5)
    signal.raise_signal(int(sys.argv[1]))
    raise AssertionError("the signal was not heeded")

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
follow(stream(), [lambda event, turned: print(event.frame.number)])
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_was_seen(number: signal.Signals) -> None:
    """In a process of its own: in one that has run other tests, a signal has ended all of it."""
    words = [sys.executable, "-c", STOPPED, str(int(number))]
    ended = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["0", "2", "4", "6", "8"]), ended.stderr


def test_a_long_stream_of_faces_is_not_remembered_whole() -> None:
    turns, one = Turns(), event()
    for i in range(REMEMBERED + 5):
        assert turns.of(one._replace(tracks=(one.tracks[0]._replace(id=i),)))
    assert not turns.of(one._replace(tracks=(one.tracks[0]._replace(id=REMEMBERED),)))
    assert turns.of(one)  # the first was forgotten


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder that `Camera` plays, four frames of the drawn stream."""
    (tmp_path / "pictures").mkdir()
    for one in events(4):
        Image.fromarray(one.frame.pixels).save(tmp_path / "pictures" / f"{one.frame.number}.png")
    return tmp_path / "pictures"


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["watch", *map(str, words)])


def test_the_command_watches_records_and_sums_up(
    make_bundle: Callable[..., Path], pictures: Path, tmp_path: Path
) -> None:
    result = run(pictures, "--model", make_bundle(), "--record", tmp_path / "seen", "--json")
    assert result.exit_code == 0, result.output
    *lines, last = map(json.loads, result.stdout.splitlines())
    assert [line["frame"] for line in lines] == [0, 1, 2, 3]
    assert all(len(line["tracks"]) == 3 for line in lines)
    assert last["summary"]["frames"] == 4
    assert f"watching {pictures}; Ctrl-C ends it" in result.stderr
    assert "4 frames, 0 dropped, latency" in result.stderr
    [file] = (tmp_path / "seen").iterdir()
    assert [{**json.loads(line), "time": 0} for line in file.read_text().splitlines()] == [
        {**line, "time": 0} for line in lines
    ]


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_the_command_serves_a_page_and_warns_where_others_can_reach_it(
    host: str, warned: bool, make_bundle: Callable[..., Path], pictures: Path
) -> None:
    pytest.importorskip("uvicorn")
    result = run(pictures, "--model", make_bundle(), "--serve", f"{host}:0")
    assert result.exit_code == 0, result.output
    assert re.search(r"^page: http://127\.0\.0\.1:\d+/\?token=[\w-]{32}$", result.stdout, re.MULTILINE)
    assert ("nothing is encrypted" in result.stdout) is warned


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere does not exist"),
        ([".", "--record-frames"], "give --record DIR"),
        ([".", "--serve", "8765"], "HOST:PORT"),
    ],
)
def test_wrong_use_is_one_line(words: list[str], message: str, make_bundle: Callable[..., Path]) -> None:
    result = run(*words, "--model", make_bundle())
    assert result.exit_code == 2
    assert message in result.stderr and result.stderr.count("\n") == 1


def test_the_page_says_what_it_needs(
    make_bundle: Callable[..., Path], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    result = run(pictures, "--model", make_bundle(), "--serve", "127.0.0.1:0")
    assert result.exit_code == 2
    assert "pip install 'edgedf[serve]'" in result.stderr
