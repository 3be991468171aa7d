"""Files that are named by a user are read up to a bound."""

from pathlib import Path

import pytest

from edgedf.errors import InputError
from edgedf.files import read_whole
from edgedf.report.read import read_report
from edgedf.report.records import read_record
from edgedf.training.config import TrainConfig


def test_a_file_is_read_up_to_a_bound(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1234")
    assert read_whole(tmp_path / "x", 4) == b"1234"
    with pytest.raises(InputError, match="is larger than 3 bytes"):
        read_whole(tmp_path / "x", 3)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no endless file")
def test_an_endless_file_is_refused() -> None:
    for read in (TrainConfig.load, read_report, read_record):
        with pytest.raises(InputError, match=r"/dev/zero.* is larger than"):
            read(Path("/dev/zero"))
