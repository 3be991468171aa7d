"""The whole of it: sources in, a dataset out, through kills and broken files."""

import csv
import errno
import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgedf.data.packing import check_pictures
from edgedf.data.prepare import cutting
from edgedf.data.prepare.flow import prepare
from edgedf.data.prepare.journal import JOURNAL
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.workers import cut_all
from edgedf.data.readers import open_dataset
from edgedf.errors import InputError
from edgedf.faces.crop import CropRule, read_image
from tests.unit.data.prepare.conftest import Film, Photo, written

SETTINGS = Settings(every=6)
KILLS = int(os.environ.get("EDGEDF_KILLS", "2"))  # 20 take a minute
COMMAND = (sys.executable, "-m", "edgedf", "data", "prepare")


alone = partial(cut_all, processes=1)  # no time to start others


@pytest.fixture
def clips(film: Film, tmp_path: Path) -> Path:
    """Three pairs of a real and a fake."""
    for i in range(3):
        film(tmp_path / "clips" / "real" / f"{i}.mp4", face=i, frames=30)
        film(tmp_path / "clips" / "fake" / f"{i}.mp4", face=i + 1, frames=30)
    return tmp_path / "clips"


def test_a_dataset_comes_out(clips: Path, tmp_path: Path) -> None:
    result = prepare([clips], tmp_path / "out", SETTINGS, work=alone)
    dataset = open_dataset(tmp_path / "out")
    check_pictures(dataset)
    assert len(dataset) == result["faces"] == 6 * 5
    assert set(dataset.groups) == {"0", "1", "2"}
    assert dataset.columns["path"][0] == "clips/real/0/000000_0.jpg"
    assert (dataset.columns["video"][1], dataset.columns["frame"][1]) == ("0", "6")
    crop, box = read_image(dataset.paths[0]), dataset.boxes[0]
    assert box and np.array_equal(CropRule().cut(crop, box), crop)
    assert (tmp_path / "out" / "contact_sheet.png").is_file()
    assert result["failures"] == 0


def test_kills_leave_no_trace(clips: Path, tmp_path: Path) -> None:
    """Killed at random moments and started again, several processes write what one does in one clean run."""
    out, rng = tmp_path / "out", random.Random(0)
    arguments = [str(clips), "--every", "1", "--out"]
    for _ in range(KILLS):
        work = subprocess.Popen([*COMMAND, *arguments, str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for_crops(out, work)
        time.sleep(rng.uniform(0, 0.5))
        work.kill()
        work.wait()
    subprocess.run([*COMMAND, *arguments, str(out)], check=True, stdout=subprocess.DEVNULL)
    prepare([clips], tmp_path / "clean", Settings(every=1), work=alone)
    assert written(out) == written(tmp_path / "clean")


def _wait_for_crops(out: Path, work: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while work.poll() is None and not any(out.rglob("*.jpg")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_second_run_does_nothing_again(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare([clips], tmp_path / "out", SETTINGS, work=alone)
    before = written(tmp_path / "out")
    monkeypatch.setattr(cutting, "write_crop", None)
    prepare([clips], tmp_path / "out", SETTINGS, work=alone)
    assert written(tmp_path / "out") == before


def test_what_is_broken_is_listed_and_the_rest_goes_on(photo: Photo, film: Film, tmp_path: Path) -> None:
    root = tmp_path / "mixed"
    photo(root / "good.png", 0)
    photo(root / "nobody.png")
    film(root / "good.mp4")
    (root / "empty.mp4").write_bytes(b"")
    (root / "text.mov").write_bytes(b"no video at all")
    (root / "torn.jpg").write_bytes(photo(tmp_path / "whole.jpg", 0).read_bytes()[:900])
    cut_short = film(root / "short.avi", codec="MJPG")
    cut_short.write_bytes(cut_short.read_bytes()[: cut_short.stat().st_size // 2])
    result = prepare([root], tmp_path / "out", SETTINGS, label="real", work=alone)
    with (tmp_path / "out" / "failed.csv").open(newline="") as file:
        problems = {Path(row["path"]).name: row["problem"] for row in csv.DictReader(file)}
    assert problems.keys() == {"nobody.png", "empty.mp4", "text.mov", "torn.jpg", "short.avi"}
    assert problems["nobody.png"] == "no face found"
    assert "not a video" in problems["empty.mp4"]
    assert "cannot read" in problems["torn.jpg"]
    assert "of 24 frames can be read; their faces are kept" in problems["short.avi"]
    kept = {path.split("/")[1].split("_")[0] for path in open_dataset(tmp_path / "out").columns["path"]}
    assert kept == {"good.png", "good.mp4", "short"}
    assert result["failures"] == 5


def test_a_full_disk_stops_it_and_it_goes_on_when_there_is_room(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare([clips], tmp_path / "clean", SETTINGS, work=alone)
    room = iter(range(8))

    def write(*args: object) -> None:
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(*args)  # type: ignore[arg-type]

    original = cutting.write_crop
    with monkeypatch.context() as full:
        full.setattr(cutting, "write_crop", write)
        with pytest.raises(InputError, match="the disk is full; mend that and run the command again"):
            prepare([clips], tmp_path / "out", SETTINGS, work=alone)
    assert not (tmp_path / "out" / "labels.csv").exists()
    prepare([clips], tmp_path / "out", SETTINGS, work=alone)
    assert written(tmp_path / "out") == written(tmp_path / "clean")


def test_fakes_are_framed_as_their_reals(film: Film, tmp_path: Path) -> None:
    """In a tree that names originals, a second preparation can borrow from the first."""
    tree = tmp_path / "Celeb"
    for i in range(2):
        film(tree / "Celeb-real" / f"id{i}_0001.mp4", face=i)
        film(tree / "Celeb-synthesis" / f"id{i}_id7_0001.mp4", face=i + 2)
    prepare([tree], tmp_path / "first", SETTINGS, work=alone)
    prepare([tree], tmp_path / "paired", SETTINGS, boxes_from=tmp_path / "first", work=alone)
    dataset = open_dataset(tmp_path / "paired")
    squares = list(zip(*(dataset.columns[name] for name in ("crop_x", "crop_y", "crop_side")), strict=True))
    originals = dataset.originals
    assert all(originals[i] != i for i in np.flatnonzero(dataset.labels))
    assert all(squares[i] == squares[originals[i]] for i in range(len(dataset)))


def test_a_folder_without_faces_leaves_nothing_to_go_on_with(photo: Photo, tmp_path: Path) -> None:
    photo(tmp_path / "empty" / "a.png")
    with pytest.raises(InputError, match=r"no face in 1 sources, such as .*a\.png: no face found"):
        prepare([tmp_path / "empty"], tmp_path / "out", SETTINGS, label="real", work=alone)
    assert not (tmp_path / "out" / JOURNAL).exists()


def test_an_output_inside_a_source_is_refused(photo: Photo, tmp_path: Path) -> None:
    """The next run would take its crops for sources."""
    photo(tmp_path / "photos" / "a.png", 0)
    with pytest.raises(InputError, match="is inside a source"):
        prepare([tmp_path / "photos"], tmp_path / "photos" / "out", SETTINGS, label="real", work=alone)
