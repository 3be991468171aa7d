"""What is asked of the machine."""

from pathlib import Path

from edgedf.machine import cpu_info, versions

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


def test_only_installed_packages_have_a_version() -> None:
    assert versions(["numpy", "no-such-package"]).keys() == {"numpy"}
