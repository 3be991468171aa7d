"""What speed depends on: the processor, the cores at hand, and the versions of packages."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# What decides how fast integer and half-precision kernels are, oldest first.
FEATURES = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_int8",
    "asimd",
    "asimddp",
    "i8mm",
)

# Whose versions may change a latency or a score.
PACKAGES = (
    "edgedf",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "ncnn",
    "tensorrt",
    "pycuda",
    "numpy",
    "torch",
)

SYSTEM = Path("/sys")


def cpu_info(path: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """The first processor's fields on Linux, nothing elsewhere."""
    if not path.is_file():
        return {}
    first = path.read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cpu_name() -> str:
    """Model name of the processor, or its architecture where it tells no name."""
    return cpu_info().get("model name") or platform.processor() or platform.machine()


def cpu_features() -> list[str]:
    """Those of `FEATURES` that the processor reports; empty where it cannot be asked."""
    info = cpu_info()
    flags = info.get("flags", info.get("Features", "")).split()
    return [feature for feature in FEATURES if feature in flags]


def cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def governor(system: Path = SYSTEM) -> str | None:
    """How the first processor's clock is governed; None where the system does not tell."""
    return told(system / "devices/system/cpu/cpu0/cpufreq/scaling_governor")


def frequency_mhz(system: Path = SYSTEM) -> float | None:
    """The first processor's clock at this moment; None where the system does not tell."""
    if found := told(system / "devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"):
        return int(found) / 1000
    found = cpu_info().get("cpu MHz")
    return float(found) if found else None


def temperature_c(system: Path = SYSTEM) -> float | None:
    """Temperature of the hottest zone; None where the system does not tell."""
    zones = (told(path) for path in sorted(system.glob("class/thermal/thermal_zone*/temp")))
    return max((int(one) / 1000 for one in zones if one), default=None)


def load() -> float | None:
    """Processes that ran or waited to, on average over the last minute; None where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def told(path: Path) -> str | None:
    """Content of a file of the system, without the space around it; None where it cannot be read."""
    try:
        return path.read_text().strip()
    except OSError:
        return None


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of those of the packages that are installed; none is imported."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
