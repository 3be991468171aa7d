"""What a training shows: the faces of a dataset, and forgeries of the real ones."""

import numpy as np
from numpy.typing import NDArray

from edgedf.console import progress
from edgedf.data.forge.forger import Forger
from edgedf.data.landmarks import face_points
from edgedf.data.packed import PackedFaces
from edgedf.data.sampling import epoch_order, paired_order
from edgedf.data.views import mix_with_original
from edgedf.training.config import TrainConfig


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
        self.anchors: NDArray[np.int64] = np.concatenate([faces.originals, forged_reals(faces, config)])

    def order(self, epoch: int, view: int) -> NDArray[np.int64]:
        """Numbers of one epoch in random order; with `pairs` real, fake, real, fake, ..."""
        faces, config = self._faces, self._config
        if not config.pairs:
            return epoch_order(faces.labels, epoch, config.seed, config.prevalence or None)
        order = paired_order(faces.labels, faces.originals, faces.sources, epoch, config.seed)
        if self._forger:
            pairs = order.reshape(-1, 2)
            forged = self._forger.chosen(pairs[:, 0], view, config.forge)
            pairs[forged, 1] = len(faces) + np.searchsorted(self.anchors[len(faces) :], pairs[forged, 0])
        return order

    def crop(self, number: int, view: int, share: float) -> tuple[NDArray[np.uint8], float]:
        """A crop `(256, 256, 3)` and its label.

        Args:
            number: As `order` gives it.
            view: Number of the view, of which a forgery depends.
            share: Of a fake in a mixture with its original, where the configuration mixes.
        """
        faces, anchor, label = self._faces, int(self.anchors[number]), 1.0
        if number >= len(faces):
            assert self._forger
            original, crop, _ = self._forger.forged(anchor, view)
        else:
            original, crop, label = faces.pixels[anchor], faces.pixels[number], float(faces.labels[number])
        if self._config.mix and number != anchor:
            return mix_with_original(crop, original, share), share
        if self._forger and not label and self._forger.chosen(np.array([number]), view, self._config.forge)[0]:
            return self._forger.real(number, view), label
        return crop, label


def forged_reals(faces: PackedFaces, config: TrainConfig) -> NDArray[np.int64]:
    """`(R,)`, the real crop behind each number that stands for a forgery."""
    return np.flatnonzero(faces.labels == 0) if config.forge else np.empty(0, np.int64)
