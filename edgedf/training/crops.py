"""What a training shows: the faces of a dataset, and forgeries of the real ones."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.data.forge.forger import Forger
from edgedf.data.forge.masks import Mask
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces
from edgedf.data.sampling import epoch_order, paired_order
from edgedf.data.views import mix_with_original
from edgedf.faces.crop import SIZE
from edgedf.training.config import TrainConfig
from edgedf.training.masks import PairMasks


class Shown(NamedTuple):
    """A crop as it is shown.

    Attributes:
        crop: `(256, 256, 3)`.
        label: 1 is fake; of a mixture, the share of the fake.
        mask: `(256, 256)`, how much of each pixel is forged, 0 to 255; None where that is not known.
    """

    crop: NDArray[np.uint8]
    label: float
    mask: Mask | None


class Crops:
    """Faces by number, and which of them an epoch shows; from the faces' count on, the numbers are forgeries.

    Args:
        faces: Training images.
        config: Of the run.

    Attributes:
        anchors: For each number the real crop that it was made from; itself where there is none.
    """

    def __init__(self, faces: PackedFaces, config: TrainConfig) -> None:
        self._faces, self._config = faces, config
        self._forger = Forger(faces, face_points(faces, progress=progress)) if config.forge else None
        self._masks = PairMasks(faces) if config.mask_weight else None
        self.anchors: NDArray[np.int64] = np.concatenate([faces.originals, forged_reals(faces, config)])

    def order(self, epoch: int, view: int) -> NDArray[np.int64]:
        """Numbers of one epoch in random order; with `pairs` real, fake, real, fake, ..."""
        faces, config = self._faces, self._config
        if not config.pairs:
            return epoch_order(faces.labels, epoch, config.seed, config.prevalence or None)
        order = paired_order(faces.labels, faces.originals, faces.sources, epoch, config.seed, config.least_share)
        if self._forger:
            pairs = order.reshape(-1, 2)
            forged = self._forger.chosen(pairs[:, 0], view, config.forge)
            pairs[forged, 1] = len(faces) + np.searchsorted(self.anchors[len(faces) :], pairs[forged, 0])
        return order

    def crop(self, number: int, view: int, share: float) -> Shown:
        """A crop, its label, and its mask where the configuration learns from one.

        Args:
            number: As `order` gives it.
            view: Number of the view, of which a forgery depends.
            share: Of a fake in a mixture with its original, where the configuration mixes.
        """
        faces, anchor, label = self._faces, int(self.anchors[number]), 1.0
        mask: Mask | None
        if number >= len(faces):
            assert self._forger
            original, crop, forged = self._forger.forged(anchor, view)
            mask = forged if self._masks else None
        else:
            original, crop, label = faces.pixels[anchor], faces.pixels[number], float(faces.labels[number])
            mask = self._mask(number, anchor, label)
        if self._config.mix and number != anchor:
            faded = None if mask is None else np.asarray(np.rint(mask * np.float32(share)), np.uint8)
            return Shown(mix_with_original(crop, original, share), share, faded)
        if self._forger and not label and self._forger.chosen(np.array([number]), view, self._config.forge)[0]:
            crop = self._forger.real(number, view)
        return Shown(crop, label, mask)

    def _mask(self, number: int, anchor: int, label: float) -> Mask | None:
        """Of a face of the dataset: nothing of a real one is forged, and a fake needs its original."""
        if not self._masks:
            return None
        if not label:
            return np.zeros((SIZE, SIZE), np.uint8)
        return self._masks.of(number) if number != anchor else None


def forged_reals(faces: PackedFaces, config: TrainConfig) -> NDArray[np.int64]:
    """`(R,)`, the real crop behind each number that stands for a forgery."""
    return np.flatnonzero(faces.labels == 0) if config.forge else np.empty(0, np.int64)
