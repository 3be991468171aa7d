"""The artefacts of a bundle side by side: what each says of the same crops, beside its FP32 graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle
from edgedf.deploy.departure import FLOAT_BOUND, INT8_BOUND, Departure, first_departure
from edgedf.deploy.difference import Difference, differences
from edgedf.deploy.inner import Inner, InnerIr, InnerNcnn, InnerOnnx
from edgedf.deploy.judging import load_or_simulate
from edgedf.deploy.source import float_artefact
from edgedf.errors import BundleError
from edgedf.runtime.backends import Outputs, run_in_batches
from edgedf.runtime.engine import scores

INT8_MOVES = 0.1  # a score of a drawn face near the threshold, at most: a wrong scale moves more


@dataclass(frozen=True)
class SideBySide:
    """One artefact beside FP32; true where every score is within its bound.

    Attributes:
        file: The artefact.
        simulated: Whether ONNX Runtime stood in for a runtime that is not here.
        differences: Of each output.
        departure: The first layer that departs, if one does; that of TensorRT's graph in ONNX Runtime, because an
            engine shows no inner tensor.
        score: Largest difference of a score, each by its own temperature.
        bound: The manifest's tolerance, which is one for other machines and versions; `INT8_MOVES` of INT8, which
            rounds: whether that costs verdicts is the gate's to say.
    """

    file: str
    simulated: bool
    differences: list[Difference]
    departure: Departure | None
    score: float
    bound: float

    def __bool__(self) -> bool:
        """A score that is not a number is out of bounds too."""
        return self.score <= self.bound


def side_by_side(bundle: Bundle, crops: NDArray[np.uint8], threads: int) -> list[SideBySide]:
    """Compares every artefact but FP32 on crops (N, 256, 256, 3).

    Raises:
        BundleError: The bundle has no FP32 graph.
        EdgedfError: An artefact cannot be loaded or run here.
    """
    reference = float_artefact(bundle)
    if reference is None:
        raise BundleError(f"{bundle.path} has no FP32 graph to compare with: export it again")
    graph = bundle.read(reference)
    expected, _ = _run(bundle, reference, crops, threads)
    found = []
    for one in bundle.manifest.artefacts:
        if one != reference:
            outputs, simulated = _run(bundle, one, crops, threads)
            layers, bound = (INT8_BOUND, INT8_MOVES) if one.int8 else (FLOAT_BOUND, one.tolerance)
            departure = first_departure(graph, _inner(bundle, one), crops, layers)
            apart = float(np.abs(_scores(expected, reference) - _scores(outputs, one)).max())
            found.append(SideBySide(one.file, simulated, differences(expected, outputs), departure, apart, bound))
    return found


def _inner(bundle: Bundle, artefact: Artefact) -> Inner:
    if artefact.backend == "openvino":
        return InnerIr(bundle.read(artefact), bundle.weights(artefact))
    if artefact.backend == "ncnn":
        return InnerNcnn(bundle.read(artefact), bundle.weights(artefact), artefact.precision)
    return InnerOnnx(bundle.read(artefact), unfused=artefact.backend == "tensorrt")


def _run(bundle: Bundle, artefact: Artefact, crops: NDArray[np.uint8], threads: int) -> tuple[Outputs, bool]:
    backend, simulated = load_or_simulate(
        artefact.backend, bundle.read(artefact), threads, bundle.weights(artefact), artefact.precision
    )
    return run_in_batches(backend, crops), simulated


def _scores(outputs: Outputs, artefact: Artefact) -> NDArray[np.float32]:
    return scores(outputs.logit[:, 0], artefact.temperature)
