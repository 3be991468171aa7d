"""Latency of a TensorRT artefact by two clocks: the host's, which an app waits by, and the GPU's own (CUDA events)."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.deploy.contenders import Contender
from edgedf.deploy.trtexec import trtexec
from edgedf.errors import EdgedfError
from edgedf.metrics.gpu import GpuTime
from edgedf.runtime.backends import tensorrt
from edgedf.runtime.tensorrt_builder import LARGEST
from edgedf.runtime.tensorrt_lane import Lane
from edgedf.runtime.timing import measure


def gpu_times(one: Contender, crop: NDArray[np.uint8]) -> list[GpuTime]:
    """With the CUDA graph, where there is one, and without it; nothing of an artefact for another runtime.

    What could not be measured is noted at the contender.

    Args:
        one: An artefact of a bundle, or a peer.
        crop: What is judged `(1, 256, 256, 3)`.
    """
    if one.path is None or one.engine.backend != "tensorrt":
        return []
    say(f"timing {one.name} by CUDA events")
    try:
        bundle, artefact = open_bundle(one.path), one.engine.artefact
        backend = tensorrt.load(bundle.read(artefact), 1, bundle.weights(artefact))
        # A lane for several crops has no graph: its execution context serves any shape.
        with backend.lane(1) as single, backend.lane(LARGEST) as several:
            found = _by_both_clocks([single, several] if single.has_graph else [several], crop)
    except EdgedfError as error:
        one.notes.append(f"no times of the GPU: {error}")
        return []
    return [GpuTime(graph, *times, *_beside(one, backend.engine.data, graph)) for graph, times in found.items()]


def _by_both_clocks(lanes: list[Lane], crop: NDArray[np.uint8]) -> dict[bool, tuple[float, float]]:
    """Medians in ms by the clocks of host and GPU, by whether there is a graph; all in turns."""
    on_gpu: dict[bool, list[float]] = {lane.has_graph: [] for lane in lanes}
    calls: dict[str, Callable[[], object]] = {}
    for lane in lanes:
        calls[f"host {lane.has_graph}"] = partial(lane.run, crop)
        calls[f"GPU {lane.has_graph}"] = partial(_note_gpu_ms, lane, crop, on_gpu[lane.has_graph])
    by_host = measure(calls)
    return {graph: (by_host[f"host {graph}"].latency_ms_p50, float(np.median(ms))) for graph, ms in on_gpu.items()}


def _note_gpu_ms(lane: Lane, crop: NDArray[np.uint8], times: list[float]) -> None:
    times.append(lane.gpu_ms(crop))


def _beside(one: Contender, engine: bytes, cuda_graph: bool) -> tuple[float | None, float | None]:
    """What trtexec says of the same engine; why it says nothing is noted once."""
    try:
        return trtexec(engine, cuda_graph=cuda_graph)
    except EdgedfError as error:
        note = f"no trtexec beside it: {error}"
        one.notes.extend([note] if note not in one.notes else [])
        return None, None
