"""A record is bounded, private, and survives a kill."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from PIL import Image

from edgedf.errors import InputError
from edgedf.runtime.live import record
from edgedf.runtime.live.record import Record
from edgedf.runtime.live.watch import follow
from tests.drawn_stream import DECIDED, event, events

KILLED = """
import os, sys
from pathlib import Path
from edgedf.runtime.live.record import Record
from tests.drawn_stream import event
keep = Record(Path(sys.argv[1]))
for _ in range(3):
    keep(event(), [])
os.kill(os.getpid(), 9)
"""


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]


def test_events_with_faces_are_lines_and_no_picture_is_kept(tmp_path: Path) -> None:
    empty = event()._replace(tracks=())
    with Record(tmp_path / "new") as keep:
        follow([empty, *events(DECIDED + 2)], [keep])
    kept = lines(tmp_path / "new")
    assert [{**line, "time": 0} for line in kept] == [one.to_dict() | {"time": 0} for one in events(DECIDED + 2)]
    assert str(kept[0]["time"]).endswith("+00:00")
    assert {path.suffix for path in (tmp_path / "new").iterdir()} == {".jsonl"}
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_the_frame_in_which_a_face_turns_fake_is_kept_on_request(tmp_path: Path) -> None:
    with Record(tmp_path, pictures=True) as keep:
        follow(events(DECIDED + 3), [keep])
    [picture] = tmp_path.glob("*.jpg")
    assert picture.name.endswith(f"-frame-{2 * DECIDED}.jpg")
    with Image.open(picture) as image:
        difference = np.asarray(image, int) - event(DECIDED).frame.pixels
    assert np.abs(difference).mean() < 3


def test_only_the_newest_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "FILE_BYTES", 1)
    monkeypatch.setattr(record, "FILES", 3)
    monkeypatch.setattr(record, "PICTURES", 2)
    fake = event(DECIDED)
    (tmp_path / "mine.jsonl").write_text("")
    with Record(tmp_path, pictures=True) as keep:
        for number in range(6):
            keep(fake._replace(frame=fake.frame._replace(number=number)), fake.tracks)
    assert [line["frame"] for line in lines(tmp_path)] == [3, 4, 5]
    assert [path.stem.rpartition("-")[2] for path in sorted(tmp_path.glob("*.jpg"))] == ["4", "5"]
    assert (tmp_path / "mine.jsonl").exists()


def test_a_clock_that_is_set_back_costs_no_newer_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one that runs ahead for a while."""
    monkeypatch.setattr(record, "FILE_BYTES", 1)
    monkeypatch.setattr(record, "FILES", 3)
    monkeypatch.setattr(record, "PICTURES", 3)
    fake, times = event(DECIDED), [2026, 2126, 2026, 1970, 2026, 2027]

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(times[0], 1, 1, tzinfo=tz)

    monkeypatch.setattr(record, "datetime", Clock)
    with Record(tmp_path, pictures=True) as keep:
        for number in range(6):
            keep(fake._replace(frame=fake.frame._replace(number=number)), fake.tracks)
            times.append(times.pop(0))
    assert [line["frame"] for line in lines(tmp_path)] == [3, 4, 5]
    assert [path.stem.rpartition("-")[2] for path in sorted(tmp_path.glob("*.jpg"))] == ["3", "4", "5"]


@pytest.mark.skipif(sys.platform == "win32", reason="deletes no open file")
def test_a_deleted_file_or_folder_is_followed_by_a_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    with Record(folder) as keep:
        keep(event(), [])
        [file] = folder.iterdir()
        file.unlink()
        keep(event(), [])
        assert len(lines(folder)) == 1
        shutil.rmtree(folder)
        keep(event(), [])
    assert len(lines(folder)) == 1


def test_two_that_record_into_one_folder_keep_both(tmp_path: Path) -> None:
    with Record(tmp_path) as one, Record(tmp_path) as other:
        for number in range(6):
            (one, other)[number % 2](event()._replace(dropped=number), [])
    assert sorted(int(str(line["dropped"])) for line in lines(tmp_path)) == [0, 1, 2, 3, 4, 5]


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    assert subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=root).returncode == -9
    assert len(lines(tmp_path)) == 3


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with Record(tmp_path) as keep, pytest.raises(InputError, match="the disk is full"):
        follow(events(1), [keep])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file of this system is full")
def test_a_full_disk_is_one_line_at_the_end_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a line was not taken, closing the file tries again."""
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda *_, **__: opened(Path("/dev/full"), "w", encoding="utf-8"))
    with pytest.raises(InputError, match="the disk is full"), Record(tmp_path) as keep:
        follow(events(1), [keep])


def test_a_file_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        Record(tmp_path / "file")
