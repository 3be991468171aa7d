"""Whose face is put into another's: a person whose points lie near, moved onto them."""

import numpy as np
from numpy.typing import NDArray

from edgedf.data.forge.masks import Points
from edgedf.faces.mesh import OVAL

CANDIDATES = 64  # of whom the nearest is taken: near enough, and another one for each view
COMPARED = [*OVAL[::3], 33, 133, 362, 263, 1, 61, 291]  # outline, corners of the eyes, tip of the nose, mouth


class Donors:
    """Finds the donor of a swap.

    Args:
        points: `(N, 468, 2)`, of all the faces.
        groups: Person or video of each face.
        usable: `(M,)`, indices of the faces that may be donors.
    """

    def __init__(self, points: NDArray[np.floating], groups: list[str], usable: NDArray[np.int64]) -> None:
        self._usable = usable
        self._compared = np.asarray(points[usable][:, COMPARED], np.float32)
        self._groups = np.unique([groups[i] for i in usable.tolist()], return_inverse=True)[1]

    def near(self, face: int, rng: np.random.Generator) -> int:
        """The face of another group, among some drawn by chance, whose points lie nearest; itself where all are kin."""
        own = int(np.searchsorted(self._usable, face))
        drawn = rng.integers(len(self._usable), size=CANDIDATES)
        others = drawn[self._groups[drawn] != self._groups[own]]
        if not len(others):
            return face
        gaps = self._compared[others] - self._compared[own]
        return int(self._usable[others[np.square(gaps).sum((1, 2)).argmin()]])


def onto(source: Points, target: Points) -> NDArray[np.float64]:
    """The affine map `(2, 3)` that brings points nearest to others, by least squares."""
    places = np.hstack([np.asarray(source, np.float64), np.ones((len(source), 1))])
    return np.asarray(np.linalg.lstsq(places, np.asarray(target, np.float64), rcond=None)[0].T)
