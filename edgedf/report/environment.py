"""The machine and the versions that figures were measured on."""

import platform
from dataclasses import dataclass

from edgedf.machine import (
    PACKAGES,
    cores,
    cpu_features,
    cpu_name,
    frequency_mhz,
    governor,
    load,
    temperature_c,
    versions,
)


@dataclass(frozen=True)
class Environment:
    """The machine and software of a measurement.

    Attributes:
        cpu: Model name.
        features: Those of `edgedf.machine.FEATURES` that the CPU reports; empty where it cannot be asked.
        cores: Cores this process may use.
        system: Operating system and architecture.
        versions: Versions of Python and of the installed packages that matter.
        governor: Of the clock; None, as what follows, where the machine does not tell.
        frequency_mhz: Clock before the measurement.
        load: Processes that ran or waited, in the minute before it.
        temperature_c: Of the hottest zone, before it.
    """

    cpu: str
    features: list[str]
    cores: int
    system: str
    versions: dict[str, str]
    governor: str | None = None
    frequency_mhz: float | None = None
    load: float | None = None
    temperature_c: float | None = None

    @classmethod
    def here(cls) -> "Environment":
        """This machine, in this process."""
        return cls(
            cpu=cpu_name(),
            features=cpu_features(),
            cores=cores(),
            system=f"{platform.system()} {platform.machine()}",
            versions={"python": platform.python_version(), **versions(PACKAGES)},
            governor=governor(),
            frequency_mhz=frequency_mhz(),
            load=load(),
            temperature_c=temperature_c(),
        )
