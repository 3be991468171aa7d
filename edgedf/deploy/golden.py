"""Golden crops: drawn faces on which a fault of a runtime shows."""

import numpy as np
from numpy.typing import NDArray

from edgedf.data.drawn import draw_face
from edgedf.runtime.backends import Backend, run_in_batches

COUNT = 4
CANDIDATES = 32


def drawn_crops(count: int) -> NDArray[np.uint8]:
    """Drawn faces `(count, 256, 256, 3)`, real and forged in turn; always the same."""
    rng = np.random.default_rng(0)
    return np.stack([draw_face(rng, fake=index % 2 == 1) for index in range(count)])


def choose_golden(backend: Backend, candidates: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The `COUNT` of the candidates `(N, 256, 256, 3)` whose logits are nearest to 0.

    There the score moves most with the logit; a saturated score would hide a fault.
    """
    logit = run_in_batches(backend, candidates).logit[:, 0]
    return candidates[np.sort(np.argsort(np.abs(logit), kind="stable")[:COUNT])]
