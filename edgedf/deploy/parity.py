"""Parity: the same crops to the network in torch and to an artefact in its runtime."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from edgedf.deploy.difference import Difference, differences
from edgedf.nn.detector import Detector
from edgedf.runtime.backends import Backend, Outputs

LOGIT_BOUND = 1e-4
MAP_BOUND = 1e-3  # of attention and embedding, relative to their largest value


@dataclass(frozen=True)
class Parity:
    """How far two runtimes are apart; true when every difference is within its bound.

    Attributes:
        logit: Largest absolute difference.
        attention: Largest difference, relative to the largest value.
        embedding: Likewise.
    """

    logit: float
    attention: float
    embedding: float

    def __bool__(self) -> bool:
        """A difference that is not a number is out of bounds too."""
        return self.logit <= LOGIT_BOUND and self.attention <= MAP_BOUND and self.embedding <= MAP_BOUND

    def __str__(self) -> str:
        """All differences and bounds in one line."""
        return (
            f"largest difference: logit {self.logit:.1e} (bound {LOGIT_BOUND:g}), "
            f"attention {self.attention:.1e} and embedding {self.embedding:.1e} (bound {MAP_BOUND:g})"
        )


def compare(model: Detector, backend: Backend, crops: NDArray[np.uint8]) -> Parity:
    """Runs crops `(N, 256, 256, 3)` through both; the artefact gets them all at once and one by one."""
    with torch.inference_mode():
        expected = model.eval().cpu()(torch.from_numpy(crops))
    reference = Outputs(expected.logit.numpy(), expected.attention.numpy(), expected.embedding.numpy())
    singles = [backend.run(crop[None]) for crop in crops]
    one_by_one = Outputs(*(np.concatenate(arrays) for arrays in zip(*singles, strict=True)))
    apart = [_apart(*differences(reference, outputs)) for outputs in (backend.run(crops), one_by_one)]
    return Parity(*np.max(apart, axis=0).tolist())


def _apart(logit: Difference, *maps: Difference) -> list[float]:
    """Largest difference of each output, those of the maps divided by their largest value."""
    return [logit.largest, *(one.largest / one.reach for one in maps)]
