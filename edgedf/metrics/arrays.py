"""Array types of the metrics and the checks they share."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgedf.errors import DatasetError, InputError

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Labels: TypeAlias = npt.NDArray[np.uint8]


def need_both_classes(labels: Labels) -> None:
    """Checks that there is a real and a fake image.

    Raises:
        DatasetError: One class is missing, so that nothing can be told about the other.
    """
    fakes = int(np.count_nonzero(labels))
    if fakes in (0, len(labels)):
        raise DatasetError(
            f"{len(labels)} images, {fakes} of them fake: give a split (or more groups) with both classes"
        )


def finite(scores: Floats) -> npt.NDArray[np.float64]:
    """Scores (N,) as float64.

    Raises:
        InputError: One is not a finite number, so that no threshold or order means anything.
    """
    values = np.asarray(scores, np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"{np.count_nonzero(~np.isfinite(values))} of {len(values)} scores are not finite")
    return values


def as_weights(labels: Labels, weights: Floats | None) -> npt.NDArray[np.float64]:
    """Weights (N,) as float64, all ones for None."""
    return np.ones(len(labels)) if weights is None else np.asarray(weights, np.float64)
