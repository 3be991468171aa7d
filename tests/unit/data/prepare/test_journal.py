"""What a killed preparation goes on from."""

from pathlib import Path

import pytest

from edgedf.data.prepare.journal import JOURNAL, Journal
from edgedf.data.prepare.outcome import Face, Outcome
from edgedf.data.prepare.sources import Source
from edgedf.errors import InputError

SETTINGS = {"every": 10, "rule": {"margin": 0.92}}
FACE = Face(5, 0, (1.0, 2.0, 90.5), (3.25, -4.0, 200.0, 250.0))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"film")
    return Source(path, "x", {})


def test_what_is_noted_is_read_again(tmp_path: Path, source: Source) -> None:
    outcome = Outcome("x", source.state, [FACE], "", {"small": 2}, {"cut": 0.5})
    Journal(tmp_path / "out", SETTINGS).add(outcome)
    assert Journal(tmp_path / "out", SETTINGS).of(source) == outcome


def test_a_torn_line_is_cut_off(tmp_path: Path, source: Source) -> None:
    """The source of it is done again, and the next line begins on its own."""
    Journal(tmp_path / "out", SETTINGS).add(Outcome("x", source.state, [FACE]))
    path = tmp_path / "out" / JOURNAL
    path.write_bytes(path.read_bytes()[:-1])
    again = Journal(tmp_path / "out", SETTINGS)
    assert again.of(source) is None
    again.add(Outcome("x", source.state, [FACE]))
    assert Journal(tmp_path / "out", SETTINGS).of(source) is not None


def test_an_output_that_vanishes_ends_it(tmp_path: Path, source: Source) -> None:
    """Even where a worker has made its folder anew."""
    journal = Journal(tmp_path / "out", SETTINGS)
    (tmp_path / "out").rename(tmp_path / "moved")
    (tmp_path / "out" / "x").mkdir(parents=True)
    with pytest.raises(InputError, match="out has vanished: bring it back"):
        journal.add(Outcome("x", source.state))


def test_a_file_that_changed_is_done_again(tmp_path: Path, source: Source) -> None:
    journal = Journal(tmp_path / "out", SETTINGS)
    journal.add(Outcome("x", source.state, [], "not a video"))
    source.path.write_bytes(b"mended film")
    assert journal.of(source) is None


def test_an_output_of_other_settings_is_refused(tmp_path: Path) -> None:
    Journal(tmp_path / "out", SETTINGS)
    with pytest.raises(InputError, match=r"out was prepared with other settings \(every\): name another folder"):
        Journal(tmp_path / "out", SETTINGS | {"every": 5})


def test_a_folder_of_other_files_is_refused(tmp_path: Path, source: Source) -> None:
    with pytest.raises(InputError, match="holds other files"):
        Journal(tmp_path, SETTINGS)
