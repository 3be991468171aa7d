"""Where a view is forged, to teach the attention map: exact for forgeries, found by difference for pairs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.forge.masks import Mask
from edgedf.data.packed import PackedFaces
from edgedf.data.pair_masks import Rejected, pair_mask
from edgedf.data.views import Plan, moved
from edgedf.faces.crop import SIZE

SIDE = 16  # of the masks that are learned from, the student's map
KEPT = 64  # side at which found masks are kept: 4 KB each


class PairMasks:
    """Masks of fakes whose original shows the same frame in the same box; each is found once, in 2 ms.

    Args:
        faces: Fakes and their originals.
    """

    def __init__(self, faces: PackedFaces) -> None:
        self._faces = faces
        self._found: dict[int, Mask | None] = {}

    def of(self, fake: int) -> Mask | None:
        """What is forged in a fake, 255 in it and 0 elsewhere, `(256, 256)`; None where the pair does not tell."""
        if fake not in self._found:
            found = pair_mask(self._faces.pixels[fake], self._faces.pixels[self._faces.originals[fake]])
            self._found[fake] = None if isinstance(found, Rejected) else _resized(found, KEPT)
        kept = self._found[fake]
        return None if kept is None else _resized(kept, SIZE)


def mask_of_view(mask: Mask, plan: Plan) -> NDArray[np.float32]:
    """The share of forgery in each field of a view, `(16, 16)` in [0, 1], of its crop's mask `(256, 256)`."""
    return _resized(np.asarray(moved(mask, plan), np.uint8), SIDE).astype(np.float32) / np.float32(255)


def without(fields: NDArray[np.float32], areas: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Fields `(16, 16)` of a view's mask without the share of each that lies in hidden areas `(256, 256)`."""
    shown = 255 - _resized(areas.astype(np.uint8) * np.uint8(255), SIDE)
    return fields * shown.astype(np.float32) / np.float32(255)


def _resized(mask: Mask, side: int) -> Mask:
    way = cv2.INTER_AREA if side < len(mask) else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(mask, (side, side), interpolation=way), np.uint8)
