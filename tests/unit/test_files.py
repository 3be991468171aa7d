"""Files that are never half-written."""

import os
import subprocess
import sys
from pathlib import Path

from edgedf.files import STALE_S, write_text


def test_what_killed_writers_left_is_deleted_when_it_is_old(tmp_path: Path) -> None:
    """A younger one may be of a writer that lives, and other files are not ours."""
    names = (".x[1].txt.7.part", ".x[1].txt.8.part", ".x1.txt.7.part", ".y.7.part", ".x[1].txt.part", "x[1].txt.7.part")
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / ".x[1].txt.9.part").mkdir()
    (tmp_path / ".x[1].txt.9.part" / "inner").touch()
    young = tmp_path / names[1]
    for path in {*tmp_path.iterdir()} - {young}:
        os.utime(path, (path.stat().st_mtime - STALE_S - 9,) * 2)
    write_text(tmp_path / "x[1].txt", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"x[1].txt", *names[1:]}


COUNTING = """
import os, sys
from pathlib import Path
from edgedf.files import write_text

folder, listings = Path(sys.argv[1]), []
sys.addaudithook(lambda name, about: listings.append(about[0]) if name in ("os.scandir", "os.listdir") else None)
for i in range(20):
    write_text(folder / f"{i}.txt", "new")
    write_text(folder / "old.txt", "new")
print(sum(Path(os.fspath(one or ".")) == folder for one in listings))
"""


def test_a_run_that_writes_many_files_to_a_folder_lists_it_once(tmp_path: Path) -> None:
    """Of thousands that are there already, as of the pictures of `edgedf detect --save`; counted in a process of its
    own, which keeps its audit hook."""
    (tmp_path / ".old.txt.7.part").touch()
    os.utime(tmp_path / ".old.txt.7.part", (0, 0))
    done = subprocess.run([sys.executable, "-c", COUNTING, tmp_path], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1"]
    assert {path.name for path in tmp_path.iterdir()} == {"old.txt", *(f"{i}.txt" for i in range(20))}
