"""What a layer must do, what a machine can do, and so the least time that the layer can take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgedf.errors import InternalError

INT8 = "int8"
LEAST_RATE = 1e-6


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
