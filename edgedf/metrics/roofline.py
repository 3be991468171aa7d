"""The roofline: how fast a machine could run each layer of a network, and how fast it did.

Williams et al., "Roofline: an insightful visual performance model for multicore architectures", CACM 2009. A layer
takes at least as long as its multiply-accumulates (MACs) at the machine's peak, and as long as moving its bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from edgedf.errors import InternalError
from edgedf.metrics.start import is_latency

INT8 = "int8"
LEAST_RATE = 1e-6
MOST_WORK = 10**15  # MACs, or bytes, of a layer
OTHER = "other"  # stage of what the runtime does beside the graph's layers


@dataclass(frozen=True)
class Layer:
    """What a layer must do for one face.

    Attributes:
        name: Of its node in the graph, unique there.
        op: Of the node, as ONNX calls it.
        stage: Part of the network.
        precision: That it multiplies in: `int8`, or floating point as OpenVINO calls it: `f32`, `bf16`, `f16`; empty
            where it multiplies nothing.
        macs: Multiply-accumulates.
        weight_bytes: Weights, biases and other constants; scales of quantisation are left out.
        read_bytes: Activations that it reads.
        written_bytes: Activations that it gives.
    """

    name: str
    op: str
    stage: str
    precision: str
    macs: int
    weight_bytes: int
    read_bytes: int
    written_bytes: int

    @property
    def moved_bytes(self) -> int:
        """Everything that it reads and writes."""
        return self.weight_bytes + self.read_bytes + self.written_bytes


@dataclass(frozen=True)
class Copy:
    """How fast a block of memory was copied.

    Attributes:
        moved_bytes: Read and written together.
        gb_s: The same in 10^9 bytes a second.
    """

    moved_bytes: int
    gb_s: float


@dataclass(frozen=True)
class Peak:
    """The best that one thread reached in small measurements.

    Attributes:
        gmac_s: Of dense convolutions, in 10^9 MACs a second, by precision.
        copies: Of several sizes: small ones stay in the caches, the largest does not.

    Raises:
        InternalError: There is no copy, or a rate is not positive.
    """

    gmac_s: Mapping[str, float]
    copies: Sequence[Copy]

    def __post_init__(self) -> None:
        """Checks that every rate can be divided by."""
        rates = [*self.gmac_s.values(), *(one.gb_s for one in self.copies)]
        if not (self.copies and self.gmac_s and all(LEAST_RATE <= one <= 1 / LEAST_RATE for one in rates)):
            raise InternalError("a peak needs a copy, a precision, and rates above 0")

    def gb_s(self, moved_bytes: int) -> float:
        """Rate of the fastest copy that moves as many bytes or more; of the largest where none does."""
        largest = max(self.copies, key=lambda one: one.moved_bytes)
        return max(one.gb_s for one in self.copies if one.moved_bytes >= moved_bytes or one is largest)

    def attainable_us(self, layer: Layer) -> float:
        """The least time that a layer can take, in microseconds.

        Raises:
            InternalError: The layer has MACs in a precision whose peak was not measured.
        """
        moving = layer.moved_bytes / self.gb_s(layer.moved_bytes) / 1e3
        if not layer.macs:
            return moving
        if layer.precision not in self.gmac_s:
            raise InternalError(f"no peak was measured in {layer.precision}")
        return max(layer.macs / self.gmac_s[layer.precision] / 1e3, moving)


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
        """The whole network's least time: that of its layers, one after the other."""
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
        return [_together(stage, some) for stage, some in ordered]

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


def _together(stage: str, layers: Sequence[Timed]) -> Timed:
    return Timed(
        name=stage,
        stage=stage,
        op="",
        precision="",
        macs=sum(one.macs for one in layers),
        moved_bytes=sum(one.moved_bytes for one in layers),
        attainable_us=sum(one.attainable_us for one in layers),
        measured_us=sum(one.measured_us for one in layers),
    )
