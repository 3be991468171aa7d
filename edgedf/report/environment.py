"""The machine and the versions that figures were measured on."""

import os
import platform
from dataclasses import dataclass
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
PACKAGES = ("edgedf", "onnxruntime", "openvino", "numpy", "torch")


@dataclass(frozen=True)
class Environment:
    """The machine and software of a measurement.

    Attributes:
        cpu: Model name.
        features: Those of `FEATURES` that the CPU reports; empty where it cannot be asked.
        cores: Cores this process may use.
        system: Operating system and architecture.
        versions: Versions of Python and of the installed packages that matter.
    """

    cpu: str
    features: list[str]
    cores: int
    system: str
    versions: dict[str, str]

    @classmethod
    def here(cls) -> "Environment":
        """This machine, in this process."""
        info = cpu_info()
        flags = info.get("flags", info.get("Features", "")).split()
        return cls(
            cpu=info.get("model name") or platform.processor() or platform.machine(),
            features=[feature for feature in FEATURES if feature in flags],
            cores=cores(),
            system=f"{platform.system()} {platform.machine()}",
            versions={"python": platform.python_version(), **package_versions()},
        )


def cpu_info(path: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """The first processor's fields on Linux, nothing elsewhere."""
    if not path.is_file():
        return {}
    first = path.read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def package_versions() -> dict[str, str]:
    """Versions of those of `PACKAGES` that are installed; none is imported."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
