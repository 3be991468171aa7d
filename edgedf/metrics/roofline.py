"""The roofline: how fast a machine could run each layer of a network, and how fast it did.

Williams et al., "Roofline: an insightful visual performance model for multicore architectures", CACM 2009. A layer
takes at least as long as its multiply-accumulates (MACs) at the machine's peak, and as long as moving its bytes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from edgedf.errors import InternalError
from edgedf.metrics.attainable import INT8, Layer, Peak
from edgedf.metrics.start import is_latency

MOST_WORK = 10**15  # MACs, or bytes, of a layer
OTHER = "other"  # stage of what the runtime does beside the graph's layers


@dataclass(frozen=True)
class Kernel:
    """What a runtime ran, as its own profiler tells.

    Attributes:
        name: In the runtime.
        op: Likewise.
        precision: It computed in; empty where the runtime does not tell.
        time_us: Median of the profiled calls, in microseconds; in OpenVINO, which tells means alone, the mean times
            what the median call is of the mean one.
        layer: Name of the layer that it computes; empty where none is known.
    """

    name: str
    op: str
    precision: str
    time_us: float
    layer: str


@dataclass(frozen=True)
class Timed:
    """A layer or a stage: what it must do, and how long that takes.

    Attributes:
        name: Of the layer or stage.
        stage: That it belongs to.
        op: Of the layer; empty for a stage.
        precision: Of the layer; empty for a stage.
        macs: Multiply-accumulates.
        moved_bytes: Weights and activations.
        attainable_us: The least time.
        measured_us: The profiled time; 0 where the runtime made it a part of another layer.
    """

    name: str
    stage: str
    op: str
    precision: str
    macs: int
    moved_bytes: int
    attainable_us: float
    measured_us: float

    @property
    def attained(self) -> float | None:
        """Attainable as a share of measured time; above 1 where the machine was faster than in its peak."""
        return self.attainable_us / self.measured_us if self.measured_us else None

    @property
    def lost_us(self) -> float:
        """What the runtime took beyond the attainable time."""
        return self.measured_us - self.attainable_us

    @property
    def intensity(self) -> float:
        """MACs a byte moved."""
        return self.macs / self.moved_bytes if self.moved_bytes else 0.0

    @property
    def gmac_s(self) -> float:
        """Rate that was reached, in 10^9 MACs a second."""
        return self.macs / self.measured_us / 1e3 if self.measured_us else 0.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, with the attained share."""
        return {**asdict(self), "attained": self.attained}


def together(name: str, parts: Sequence[Timed]) -> Timed:
    """Layers, or stages, as one stage."""
    return Timed(
        name=name,
        stage=name,
        op="",
        precision="",
        macs=sum(one.macs for one in parts),
        moved_bytes=sum(one.moved_bytes for one in parts),
        attainable_us=sum(one.attainable_us for one in parts),
        measured_us=sum(one.measured_us for one in parts),
    )


@dataclass(frozen=True)
class Roofline:
    """An artefact's roofline, measured on one thread with one face a call.

    Attributes:
        name: Of the artefact.
        backend: Its runtime.
        peak: Measured in the same run.
        layers: Of the graph, in order of computation.
        kernels: What the runtime ran for them.
        latency_ms_p50: Median of a call without the profiler.
        profiled_ms_p50: Median of a call with it, in the same run.

    Raises:
        InternalError: A layer or kernel does what cannot be, or is of what is not there.
    """

    name: str
    backend: str
    peak: Peak
    layers: Sequence[Layer]
    kernels: Sequence[Kernel]
    latency_ms_p50: float
    profiled_ms_p50: float

    def __post_init__(self) -> None:
        """Checks that everything that follows from the layers can be computed."""
        counts = [(one.macs, one.weight_bytes, one.read_bytes, one.written_bytes) for one in self.layers]
        if not all(0 <= count <= MOST_WORK for one in counts for count in one):
            raise InternalError(f"{self.name}: a layer cannot do so much")
        if not is_latency(self.latency_ms_p50, self.profiled_ms_p50, self.attainable_ms):
            raise InternalError(f"{self.name}: a latency, or the least one, is none")
        if not {one.layer for one in self.kernels} <= {"", *(one.name for one in self.layers)}:
            raise InternalError(f"{self.name}: a kernel computes a layer that is not there")
        if not all(one.time_us == 0 or is_latency(one.time_us) for one in self.kernels):
            raise InternalError(f"{self.name}: a kernel takes no time, or too much")

    @cached_property
    def attainable_ms(self) -> float:
        """Least time of the whole network, its layers one after the other."""
        return sum(map(self.peak.attainable_us, self.layers)) / 1e3

    @property
    def times_roofline(self) -> float:
        """Latency as a multiple of the least time; the network's own is 1."""
        return self.latency_ms_p50 / self.attainable_ms

    @property
    def profiler_share(self) -> float:
        """What the profiler adds to a call, as a share of the latency without it."""
        return self.profiled_ms_p50 / self.latency_ms_p50 - 1

    @cached_property
    def timed(self) -> list[Timed]:
        """Every layer, in order of computation."""
        spent = dict.fromkeys((one.name for one in self.layers), 0.0)
        for kernel in self.kernels:
            if kernel.layer:
                spent[kernel.layer] += kernel.time_us
        return [
            Timed(
                name=one.name,
                stage=one.stage,
                op=one.op,
                precision=one.precision,
                macs=one.macs,
                moved_bytes=one.moved_bytes,
                attainable_us=self.peak.attainable_us(one),
                measured_us=spent[one.name],
            )
            for one in self.layers
        ]

    @cached_property
    def stages(self) -> list[Timed]:
        """Every stage, in order of computation, and last of all `OTHER`, where a kernel belongs to no layer."""
        found: dict[str, list[Timed]] = {}
        for one in self.timed:
            found.setdefault(one.stage, []).append(one)
        if beside := sum(one.time_us for one in self.unmapped):
            found.setdefault(OTHER, []).append(Timed(OTHER, OTHER, "", "", 0, 0, 0.0, beside))
        ordered = sorted(found.items(), key=lambda item: item[0] == OTHER)
        return [together(stage, some) for stage, some in ordered]

    @property
    def unmapped(self) -> list[Kernel]:
        """Kernels that compute no layer of the graph, or none that is known."""
        return [one for one in self.kernels if not one.layer]

    @property
    def in_float(self) -> list[str]:
        """Layers that the graph has in INT8 and the runtime computed in floating point."""
        int8 = {one.name for one in self.layers if one.macs and one.precision == INT8}
        exact = {one.layer for one in self.kernels if one.precision == INT8}
        return [one.name for one in self.layers if one.name in int8 - exact]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, with what follows from the measurements."""
        return {
            **asdict(self),
            "attainable_ms": self.attainable_ms,
            "times_roofline": self.times_roofline,
            "profiler_share": self.profiler_share,
            "timed": [one.to_dict() for one in self.timed],
            "stages": [one.to_dict() for one in self.stages],
            "in_float": self.in_float,
        }
