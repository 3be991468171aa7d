"""Files that are never half-written."""

import os
from pathlib import Path

from edgedf.files import STALE_S, write_text


def test_what_killed_writers_left_is_deleted_when_it_is_old(tmp_path: Path) -> None:
    """A younger one may be of a writer that lives, and other files are not ours."""
    names = (".x[1].txt.7.part", ".x[1].txt.8.part", ".x1.txt.7.part", ".y.7.part", "x[1].txt.7.part")
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / ".x[1].txt.9.part").mkdir()
    (tmp_path / ".x[1].txt.9.part" / "inner").touch()
    young = tmp_path / names[1]
    for path in {*tmp_path.iterdir()} - {young}:
        os.utime(path, (path.stat().st_mtime - STALE_S - 9,) * 2)
    write_text(tmp_path / "x[1].txt", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"x[1].txt", *names[1:]}
