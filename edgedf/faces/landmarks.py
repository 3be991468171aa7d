"""468 points of a face, by the network of MediaPipe's face mesh."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.faces.network import Network

POINTS = 468
VIEW = 192  # side of the network's input in pixels
INNER = 136  # of it the crop's, in the middle: the network knows faces with room around them; measured to be best


class Landmarks:
    """Finds the points of MediaPipe's canonical face mesh; may be called from several threads.

    Args:
        threads: Of one call.
    """

    def __init__(self, threads: int = 1) -> None:
        self._network = Network("landmarks_468.onnx", threads)

    def find(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Finds the points of faces cut by the crop rule. One at a time: on a CPU a batch is slower.

        Args:
            crops: RGB `(N, S, S, 3)`, 256 pixels a side mostly.

        Returns:
            Points `(N, 468, 2)`, x and y in pixels of the crop, some of them outside it; and scores `(N,)` in [0, 1],
            how sure the network is that this is a face (a real one gets .99 and more, noise .001).
        """
        points = np.zeros((len(crops), POINTS, 2), dtype=np.float32)
        scores = np.zeros(len(crops), dtype=np.float32)
        for i, crop in enumerate(crops):
            flat, logits = self._network.run(_view(crop)[None], ("conv2d_21", "conv2d_31"))
            points[i] = flat.reshape(POINTS, 3)[:, :2]
            scores[i] = 1 / (1 + np.exp(-logits.item()))
        return (points - np.float32((VIEW - INNER) / 2)) * np.float32(crops.shape[1] / INNER), scores


def _view(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The crop in the middle of the network's input `(3, 192, 192)`, its border drawn out to the edges."""
    small = Image.fromarray(crop).resize((INNER, INNER), Image.Resampling.BILINEAR)
    margin = (VIEW - INNER) // 2
    wide = np.pad(np.asarray(small), ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    return wide.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
