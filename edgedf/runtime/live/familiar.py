"""Whether a face is of the kind that the model was trained on, by its embedding."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import BundleError
from edgedf.faces.decoding import Floats

KEY = "embeddings"


class Familiar(NamedTuple):
    """Statistics of the embeddings of faces like those of training.

    Attributes:
        mean: `(D,)`.
        deviation: `(D,)`, above 0.
        limit: Largest distance of a face that is of the kind.
    """

    mean: Floats
    deviation: Floats
    limit: float

    def __call__(self, embeddings: Floats) -> NDArray[np.bool_]:
        """Which of embeddings `(N, D)` are, by the root mean square of their deviations: Mahalanobis, diagonal."""
        distances = (embeddings - self.mean) / self.deviation
        return np.asarray(np.sqrt(np.mean(distances**2, axis=1)) <= self.limit)


def familiar(provenance: Mapping[str, Any]) -> Familiar | None:
    """The statistics in a manifest's provenance, `embeddings`: `mean`, `deviation` and `limit`; None without them.

    Raises:
        BundleError: They are malformed.
    """
    if KEY not in provenance:
        return None
    try:
        values = dict(provenance[KEY])
        mean, deviation = (np.array(values.pop(key), np.float32) for key in ("mean", "deviation"))
        limit = float(values.pop("limit"))
        sound = mean.ndim == 1 and mean.shape == deviation.shape and (deviation > 0).all() and limit > 0
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"the manifest's statistics of embeddings are malformed: {error!r}") from error
    if not sound or values:
        raise BundleError("the manifest's statistics of embeddings are not mean, deviation above 0 and limit")
    return Familiar(mean, deviation, limit)
