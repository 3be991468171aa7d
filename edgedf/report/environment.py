"""The machine and the versions that figures were measured on."""

import platform
from dataclasses import dataclass

from edgedf.machine import cores, cpu_features, cpu_name, versions

PACKAGES = ("edgedf", "onnxruntime", "openvino", "numpy", "torch")


@dataclass(frozen=True)
class Environment:
    """The machine and software of a measurement.

    Attributes:
        cpu: Model name.
        features: Those of `edgedf.machine.FEATURES` that the CPU reports; empty where it cannot be asked.
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
        return cls(
            cpu=cpu_name(),
            features=cpu_features(),
            cores=cores(),
            system=f"{platform.system()} {platform.machine()}",
            versions={"python": platform.python_version(), **versions(PACKAGES)},
        )
