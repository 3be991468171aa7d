"""The artefacts of a bundle side by side: what each says of the same crops, beside its FP32 graph."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle
from edgedf.deploy.judging import load_or_simulate
from edgedf.deploy.source import float_artefact
from edgedf.errors import BundleError
from edgedf.runtime.backends import Outputs
from edgedf.runtime.engine import run_in_batches, scores


@dataclass(frozen=True)
class Difference:
    """One output of an artefact against that of FP32.

    Attributes:
        output: `logit`, `attention` or `embedding`.
        largest: Largest absolute difference.
        mean: Mean absolute difference.
        cosine: Of the angle between the two, 1 for the same direction.
    """

    output: str
    largest: float
    mean: float
    cosine: float


@dataclass(frozen=True)
class SideBySide:
    """One artefact beside FP32; true where every score is within the tolerance that the manifest names.

    Attributes:
        file: The artefact.
        simulated: Whether ONNX Runtime stood in for a runtime that is not here.
        differences: Of each output.
        score: Largest difference of a score, each by its own temperature.
        tolerance: Of the manifest.
    """

    file: str
    simulated: bool
    differences: list[Difference]
    score: float
    tolerance: float

    def __bool__(self) -> bool:
        """A score that is not a number is out of bounds too."""
        return self.score <= self.tolerance


def side_by_side(bundle: Bundle, crops: NDArray[np.uint8], threads: int) -> list[SideBySide]:
    """Compares every artefact but FP32 on crops (N, 256, 256, 3).

    Raises:
        BundleError: The bundle has no FP32 graph.
        EdgedfError: An artefact cannot be loaded or run here.
    """
    reference = float_artefact(bundle)
    if reference is None:
        raise BundleError(f"{bundle.path} has no FP32 graph to compare with: export it again")
    expected, _ = _run(bundle, reference, crops, threads)
    found = []
    for one in bundle.manifest.artefacts:
        if one != reference:
            outputs, simulated = _run(bundle, one, crops, threads)
            differences = [_difference(*pair) for pair in zip(Outputs._fields, expected, outputs, strict=True)]
            apart = np.abs(_scores(expected, reference) - _scores(outputs, one)).max()
            found.append(SideBySide(one.file, simulated, differences, float(apart), one.tolerance))
    return found


def _run(bundle: Bundle, artefact: Artefact, crops: NDArray[np.uint8], threads: int) -> tuple[Outputs, bool]:
    backend, simulated = load_or_simulate(
        artefact.backend, bundle.read(artefact), threads, bundle.weights(artefact), artefact.precision
    )
    return run_in_batches(backend, crops), simulated


def _scores(outputs: Outputs, artefact: Artefact) -> NDArray[np.float32]:
    return scores(outputs.logit[:, 0], artefact.temperature)


def _difference(name: str, expected: NDArray[np.float32], found: NDArray[np.float32]) -> Difference:
    one, other = (values.astype(np.float64).ravel() for values in (expected, found))
    apart = np.abs(one - other)
    length = max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-30)
    return Difference(name, float(apart.max()), float(apart.mean()), float(one @ other) / length)
