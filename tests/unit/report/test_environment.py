"""The machine of a measurement."""

from pathlib import Path

from edgedf.report import Environment
from edgedf.report.environment import cpu_info

CPUINFO = """processor\t: 0
model name\t: Fast CPU: two
flags\t\t: fpu avx2 avx512f amx_int8

processor\t: 1
model name\t: Another
"""


def test_cpu_fields_come_from_the_first_processor(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    info = cpu_info(tmp_path / "cpuinfo")
    assert info["model name"] == "Fast CPU: two"
    assert info["flags"].split() == ["fpu", "avx2", "avx512f", "amx_int8"]


def test_no_cpuinfo_is_no_error(tmp_path: Path) -> None:
    assert cpu_info(tmp_path / "none") == {}


def test_this_machine_is_described() -> None:
    here = Environment.here()
    assert here.cpu
    assert here.cores >= 1
    assert {"python", "numpy"} <= here.versions.keys()
