"""How far one array is from another that it should equal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgedf.runtime.backends import Outputs

SMALLEST = 1e-30  # instead of a division by 0


@dataclass(frozen=True)
class Difference:
    """One output or inner tensor against the expected one; not numbers where it has such.

    Attributes:
        name: Of the tensor.
        largest: Largest absolute difference.
        mean: Mean absolute difference.
        cosine: Of the angle between the two, 1 for the same direction.
        relative: Root mean square of the difference, relative to that of the expected values.
        reach: Largest absolute value expected.
    """

    name: str
    largest: float
    mean: float
    cosine: float
    relative: float
    reach: float


def difference(name: str, expected: ArrayLike, found: ArrayLike) -> Difference:
    """Compares two arrays of one shape."""
    one, other = (np.asarray(values, np.float64).ravel() for values in (expected, found))
    with np.errstate(invalid="ignore"):  # of infinities: the result is not a number, as it should be
        apart, product = np.abs(other - one), float(one @ other)
    length = float(np.linalg.norm(one))
    return Difference(
        name=name,
        largest=float(apart.max()),
        mean=float(apart.mean()),
        cosine=product / max(length * float(np.linalg.norm(other)), SMALLEST),
        relative=float(np.linalg.norm(apart)) / max(length, SMALLEST),
        reach=float(np.abs(one).max()),
    )


def differences(expected: Outputs, found: Outputs) -> list[Difference]:
    """Compares each output of a model."""
    return [difference(*three) for three in zip(Outputs._fields, expected, found, strict=True)]
