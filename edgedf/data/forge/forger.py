"""Forgeries of a packed dataset: (face, view number) always gives the same one."""

import numpy as np
from numpy.typing import NDArray

from edgedf.data.forge.donors import Donors
from edgedf.data.forge.traces import Crop
from edgedf.data.forge.variants import VARIANTS, Face, Forgery, as_target, forge
from edgedf.data.packed import PackedFaces
from edgedf.data.views import throw_dice

STREAM = 5  # tells the choices of forging from others by the same numbers


class Forger:
    """Forges the real faces of a dataset.

    Args:
        faces: Of which the real ones are forged.
        points: `(N, 468, 2)`, NaN where they are not known; such faces are not forged.

    Attributes:
        known: `(N,)`, whether a face can be forged.
    """

    def __init__(self, faces: PackedFaces, points: NDArray[np.floating]) -> None:
        self._faces, self._points = faces, points
        self.known: NDArray[np.bool_] = (faces.labels == 0) & np.isfinite(points[:, 0, 0])
        self._donors = Donors(points, faces.groups, np.flatnonzero(self.known))

    def chosen(self, faces: NDArray[np.int64], view: int, share: float) -> NDArray[np.bool_]:
        """Which faces `(n,)` are shown forged in a view, a share of them by chance."""
        drawn: NDArray[np.bool_] = throw_dice(faces, STREAM << 32 | view)[0] < share
        return self.known[faces] & drawn

    def real(self, face: int, view: int) -> Crop:
        """The real face beside its forgery of that view."""
        return as_target(self._faces.pixels[face], _rng(face, view))[0]

    def variant(self, face: int, view: int) -> str:
        """The variant that a view chooses."""
        shares = [variant.share for variant in VARIANTS.values()]
        return str(_rng(face, view, 1).choice(list(VARIANTS), p=shares))

    def forged(self, face: int, view: int, variant: str | None = None) -> Forgery:
        """A forgery, of the view's own variant where none is named."""

        def donor() -> Face:
            return self._face(self._donors.near(face, _rng(face, view, 2)))

        return forge(self._face(face), donor, variant or self.variant(face, view), _rng(face, view))

    def _face(self, face: int) -> Face:
        return Face(self._faces.pixels[face], np.asarray(self._points[face], np.float32))


def _rng(*numbers: int) -> np.random.Generator:
    return np.random.default_rng([STREAM, *numbers])
