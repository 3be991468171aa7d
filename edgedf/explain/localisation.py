"""Whether a map points at what was forged, where that is known."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.explain.maps import Map

THRESHOLDS = np.arange(1, 20) / 20  # of a map whose highest value is 1
FIXED = 9  # index of .5


class Localisation(NamedTuple):
    """How well one map finds one forged region; each in [0, 1], and 1 is perfect.

    Attributes:
        pointing: The pointing game (Zhang et al., ECCV 2016): whether the highest value lies in the region; the share
            of the highest ones where several are equal.
        energy: Share of the map that lies in the region; a map that knows nothing gets the region's share of the crop.
        ious: `(19,)`, intersection over union of the region and what the map has above each of `THRESHOLDS`.
    """

    pointing: float
    energy: float
    ious: NDArray[np.float64]


def localise(evidence: Map, region: NDArray[np.bool_]) -> Localisation:
    """Compares a map with the forged region `(256, 256)`; a map of nothing counts as the same everywhere."""
    peak = evidence.max()
    level = evidence / peak if peak > 0 else np.ones_like(evidence)
    inside, outside = (
        np.array([(part >= one).sum() for one in THRESHOLDS]) for part in (level[region], level[~region])
    )
    return Localisation(
        pointing=float(region[level == 1].mean()),
        energy=float(level[region].sum() / level.sum()),
        ious=inside / (region.sum() + outside),
    )
