"""Energy of calls, from counters that a folder or a stand-in for NVML plays."""

import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgedf.runtime.energy import Energy, energy_per_call
from edgedf.runtime.energy.nvml import gpu_counter
from edgedf.runtime.energy.rail import board_counter
from edgedf.runtime.energy.rapl import processor_counter
from tests.fake_gpu import FakeGpu

ONCE = partial(energy_per_call, for_s=0.0)


def zone(powercap: Path, folder: str, name: str) -> Path:
    """A counter of RAPL at 1 mJ."""
    (powercap / folder).mkdir(parents=True)
    (powercap / folder / "name").write_text(f"{name}\n")
    (powercap / folder / "energy_uj").write_text("1000\n")
    return powercap / folder / "energy_uj"


def test_energy_of_the_packages_is_shared_among_the_calls(tmp_path: Path) -> None:
    """Of both; a part of one is counted in it, and the platform counts both again."""
    names = {"intel-rapl:0": "package-0", "intel-rapl:1": "package-1", "intel-rapl:0:0": "core", "intel-rapl:2": "psys"}
    counters = [zone(tmp_path, *one) for one in names.items()]

    def call() -> None:
        for one, microjoules in zip(counters, (3000, 2000, 9000, 9000), strict=True):
            one.write_text(f"{1000 + microjoules}")

    found = ONCE(call, meters=(partial(processor_counter, tmp_path),))
    assert found == Energy(5.0, "whole processor packages (RAPL)")


def test_without_counters_nothing_is_called(tmp_path: Path) -> None:
    meters = (partial(processor_counter, tmp_path), partial(board_counter, tmp_path))
    assert energy_per_call(lambda: pytest.fail("called"), meters=meters) is None


@pytest.mark.parametrize("later", ["10", "1000"])
def test_a_counter_that_starts_anew_or_stands_still_tells_nothing(tmp_path: Path, later: str) -> None:
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    assert ONCE(lambda: counter.write_text(later), meters=(partial(processor_counter, tmp_path),)) is None


def test_where_one_counter_cannot_be_read_the_next_is(tmp_path: Path) -> None:
    hidden, counter = (zone(tmp_path / name, "intel-rapl:0", "package-0") for name in "ab")
    hidden.unlink()
    meters = tuple(partial(processor_counter, tmp_path / name) for name in "ab")
    found = ONCE(lambda: counter.write_text("3000"), meters=meters)
    assert found and found.mj == pytest.approx(2.0)


def sensor(hwmon: Path, number: int, **files: str) -> None:
    folder = hwmon / f"hwmon{number}"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The rail's clock; no thread reads it."""
    found = SimpleNamespace(now=100.0)
    monkeypatch.setattr("edgedf.runtime.energy.rail.time", SimpleNamespace(perf_counter=lambda: found.now))
    monkeypatch.setattr("edgedf.runtime.energy.rail.PERIOD_S", 60.0)
    return found


@pytest.mark.parametrize(
    ("files", "rail"),
    [
        ({"in1_label": "VDD_CPU", "in2_label": "VDD_IN", "in2_input": "5000", "curr2_input": "1200"}, "VDD_IN"),
        ({"in1_label": "POM_5V_IN", "in1_input": "5000", "curr1_input": "1200"}, "POM_5V_IN"),
        ({"power1_label": "VDD_IN", "power1_input": "6000000"}, "VDD_IN"),
    ],
)
def test_energy_of_a_board_is_the_power_of_its_input_over_the_time(
    tmp_path: Path, clock: SimpleNamespace, files: dict[str, str], rail: str
) -> None:
    """6 W over half a second, and then 6 to 12 W over another."""
    sensor(tmp_path, 0, in1_label="cpu_temp")
    sensor(tmp_path, 3, **files)
    with board_counter(tmp_path) as counter:
        assert counter and counter.of == f"the whole module, rail {rail}"
        start = counter.read_mj()
        clock.now += 0.5
        assert counter.read_mj() - start == pytest.approx(3000)
        [power] = [one for one in (tmp_path / "hwmon3").glob("*_input") if one.name[0] in "cp"]
        power.write_text(str(2 * int(power.read_text())))
        clock.now += 0.5
        assert counter.read_mj() - start == pytest.approx(7500)


def test_a_board_that_measures_only_parts_has_no_energy(tmp_path: Path) -> None:
    sensor(tmp_path, 0, in1_label="VDD_GPU_SOC", in1_input="5000", curr1_input="1200")
    with board_counter(tmp_path) as counter:
        assert counter is None


def test_the_rail_is_read_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a thread, until the measurement ends: a change between two looks of ours is seen."""
    monkeypatch.setattr("edgedf.runtime.energy.rail.PERIOD_S", 0.001)
    sensor(tmp_path, 0, in1_label="VDD_IN", in1_input="5000", curr1_input="1000")
    found = energy_per_call(lambda: None, for_s=0.05, meters=(partial(board_counter, tmp_path),))
    assert found and found.mj > 0 and found.of.endswith("VDD_IN")


class Nvml:
    """NVIDIA's management library: a GPU that has spent 5 J."""

    def __init__(self, failing: str = "") -> None:
        self.failing, self.spent_mj, self.open = failing, 5000, 0

    def __getattr__(self, name: str) -> Callable[..., int]:
        return lambda *given: 3 if name == self.failing else (getattr(Nvml, f"_{name}")(self, *given) or 0)

    def _nvmlInit_v2(self) -> None:
        self.open += 1

    def _nvmlShutdown(self) -> None:
        self.open -= 1

    def _nvmlDeviceGetHandleByPciBusId_v2(self, place: bytes, device: Any) -> None:
        assert place == b"0000:01:00.0"
        device._obj.value = 7

    def _nvmlDeviceGetTotalEnergyConsumption(self, device: ctypes.c_void_p, energy: Any) -> None:
        assert device.value == 7
        energy._obj.value = self.spent_mj


def test_energy_on_a_gpu_is_that_of_the_gpu_of_tensorrt(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = Nvml()
    monkeypatch.setattr("edgedf.runtime.energy.nvml.library", lambda: nvml)

    def call() -> None:
        nvml.spent_mj += 12

    assert ONCE(call, on_gpu=True) == Energy(12.0, "the whole GPU, Orin (NVML)")
    assert nvml.open == gpu.depth == 0


@pytest.mark.parametrize(
    "failing", ["nvmlInit_v2", "nvmlDeviceGetHandleByPciBusId_v2", "nvmlDeviceGetTotalEnergyConsumption"]
)
def test_a_gpu_that_counts_no_energy_has_none(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    nvml = Nvml(failing)
    monkeypatch.setattr("edgedf.runtime.energy.nvml.library", lambda: nvml)
    assert ONCE(lambda: pytest.fail("called"), meters=(gpu_counter,)) is None
    assert nvml.open == 0


def test_without_a_driver_there_is_no_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    with gpu_counter() as counter:
        assert counter is None
