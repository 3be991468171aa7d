"""Latency on a GPU, typed."""

import math
from dataclasses import dataclass

from edgedf.errors import InternalError


@dataclass(frozen=True)
class GpuTime:
    """Calls of one face on an NVIDIA GPU, their work started in one of two ways, and the same by NVIDIA's trtexec.

    Attributes:
        cuda_graph: Whether the work is launched as a CUDA graph, and not kernel by kernel.
        host_ms_p50: Median time from the call until its outputs are there.
        gpu_ms_p50: Median time of copies and kernels on the GPU, by CUDA events.
        trtexec_ms_p50: The same as trtexec tells it, its "Latency"; None, as what follows, where it did not run.
        trtexec_kernels_ms_p50: Of it the kernels, its "GPU Compute Time".

    Raises:
        InternalError: A time is not positive, or trtexec's contradict each other.
    """

    cuda_graph: bool
    host_ms_p50: float
    gpu_ms_p50: float
    trtexec_ms_p50: float | None = None
    trtexec_kernels_ms_p50: float | None = None

    def __post_init__(self) -> None:
        """Checks that the times can be."""
        whole, kernels = self.trtexec_ms_p50, self.trtexec_kernels_ms_p50
        known = [one for one in (self.host_ms_p50, self.gpu_ms_p50, whole, kernels) if one is not None]
        if not all(0 < one < math.inf for one in known) or (whole is None) != (kernels is None):
            raise InternalError(f"times on a GPU are positive, and trtexec tells both of its own: {self}")
        if whole is not None and kernels is not None and kernels > whole:
            raise InternalError(f"trtexec's kernels take a part of its latency: {self}")
