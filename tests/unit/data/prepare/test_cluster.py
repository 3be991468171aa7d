"""Work that others do: what they send is written here."""

import errno
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgedf.data.prepare import cluster
from edgedf.data.prepare.cluster import Worker, on_ray, written
from edgedf.data.prepare.flow import prepare
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.workers import Job, cut_all
from edgedf.errors import InputError, MissingExtraError
from tests.unit.data.prepare.conftest import Film, Photo
from tests.unit.data.prepare.conftest import written as files

SETTINGS = Settings(every=6)
alone = partial(cut_all, processes=1)


@pytest.fixture
def clips(film: Film, photo: Photo, tmp_path: Path) -> Path:
    for i in range(3):
        film(tmp_path / "clips" / "real" / f"{i}.mp4", face=i)
    photo(tmp_path / "clips" / "fake" / "3.png", 3)
    (tmp_path / "clips" / "fake" / "4.mp4").write_bytes(b"no video at all")
    return tmp_path / "clips"


def sent(jobs: Sequence[Job], settings: Settings) -> Iterator[dict[str, Any]]:
    """What one worker sends."""
    worker = Worker(settings)
    for job in jobs:
        yield from worker({"job": job})


def elsewhere(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
    return written(sent(jobs, settings), out)


def test_what_workers_send_is_what_a_local_run_writes(clips: Path, tmp_path: Path) -> None:
    """Stopped after two sources, the same command goes on from there."""

    def stopping(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
        outcomes = elsewhere(jobs, settings, out)
        yield from (next(outcomes), next(outcomes))
        raise KeyboardInterrupt

    expected = prepare([clips], tmp_path / "expected", SETTINGS, work=alone)
    with pytest.raises(KeyboardInterrupt):
        prepare([clips], tmp_path / "out", SETTINGS, work=stopping)
    counts: list[int] = []

    def counting(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
        counts.append(len(jobs))
        return elsewhere(jobs, settings, out)

    result = prepare([clips], tmp_path / "out", SETTINGS, work=counting)
    assert counts == [3]
    assert files(tmp_path / "out") == files(tmp_path / "expected")
    assert result | {"seconds": 0} == expected | {"seconds": 0}


def test_the_crops_of_an_outcome_are_there_before_it(clips: Path, tmp_path: Path) -> None:
    """Or a kill in between would lose them: the journal would say that all is done."""

    def checked(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
        for outcome in elsewhere(jobs, settings, out):
            there = [*out.glob(f"{outcome.place}_*"), *out.glob(f"{outcome.place}/*")]
            assert len(there) == len(outcome.faces)
            yield outcome

    prepare([clips], tmp_path / "out", SETTINGS, work=checked)


def test_a_full_disk_is_one_line(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    rows = [{"path": "x/y.jpg", "data": b"", "outcome": "", "trouble": ""}]
    with pytest.raises(InputError, match="the disk is full"):
        prepare([clips], tmp_path / "out", SETTINGS, work=lambda jobs, settings, out: written(rows, out))


def test_a_worker_that_does_not_see_a_source_says_so(clips: Path, tmp_path: Path) -> None:
    def unseen(jobs: Sequence[Job], settings: Settings, out: Path) -> Iterator[Outcome]:
        clips.rename(tmp_path / "moved")
        return elsewhere(jobs, settings, out)

    with pytest.raises(InputError, match=r"does not see .*0\.mp4: name files by a path or URL that all machines share"):
        prepare([clips], tmp_path / "out", SETTINGS, work=unseen)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edgedf\[ray\]'"):
        on_ray("local")


def test_two_local_workers_write_what_a_local_run_writes(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And Ray prints nothing."""
    pytest.importorskip("ray")
    monkeypatch.setattr(cluster, "cores", lambda: 2)
    result = prepare([clips], tmp_path / "out", SETTINGS, work=on_ray("local"))
    printed = capfd.readouterr()
    expected = prepare([clips], tmp_path / "expected", SETTINGS, work=alone)
    assert files(tmp_path / "out") == files(tmp_path / "expected")
    assert result | {"seconds": 0} == expected | {"seconds": 0}
    assert not printed.err
    assert not [line for line in printed.out.splitlines() if "ray" in line.lower()]


@pytest.mark.parametrize(("address", "problem"), [("127.0.0.1:1", "no answer in 2 s"), ("nowhere", "Invalid address")])
def test_a_cluster_that_is_not_there_is_one_line(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, problem: str
) -> None:
    pytest.importorskip("ray")
    if address != "nowhere":
        monkeypatch.setattr(cluster, "START_S", 2)
        monkeypatch.setattr(cluster, "END_S", 0)
    with pytest.raises(InputError, match=f"cannot use Ray at {address}: {problem}"):
        prepare([clips], tmp_path / "out", SETTINGS, work=on_ray(address))
