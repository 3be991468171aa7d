"""What is asked of the machine."""

from pathlib import Path

from edgedf.machine import cpu_info, frequency_mhz, governor, temperature_c, versions

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


def test_the_state_of_the_machine_is_read_where_it_tells(tmp_path: Path) -> None:
    clock = tmp_path / "devices/system/cpu/cpu0/cpufreq"
    clock.mkdir(parents=True)
    (clock / "scaling_governor").write_text("schedutil\n")
    (clock / "scaling_cur_freq").write_text("1512000\n")
    for zone, millidegrees in enumerate(("41000", "63500")):
        (tmp_path / f"class/thermal/thermal_zone{zone}").mkdir(parents=True)
        (tmp_path / f"class/thermal/thermal_zone{zone}/temp").write_text(millidegrees)
    (tmp_path / "class/thermal/thermal_zone2").mkdir()
    assert (governor(tmp_path), frequency_mhz(tmp_path), temperature_c(tmp_path)) == ("schedutil", 1512.0, 63.5)


def test_a_machine_that_tells_nothing_is_no_error(tmp_path: Path) -> None:
    assert governor(tmp_path) is None and temperature_c(tmp_path) is None
