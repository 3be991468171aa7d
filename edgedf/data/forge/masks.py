"""Where a face is forged: regions of its 468 points, bent and softened."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import SIZE
from edgedf.faces.mesh import BROWS, CHEEKS, EYES, MOUTH, NOSE, OVAL

Points = NDArray[np.floating]
"""`(468, 2)`: x and y in pixels of the crop, numbered as MediaPipe's face mesh."""

Mask = NDArray[np.uint8]
"""`(256, 256)`: the share of each pixel that is replaced, 255 for all of it."""

PARTS = {
    "eyes": (BROWS[0] + EYES[0], BROWS[1] + EYES[1]),
    "nose": (NOSE,),
    "mouth": (MOUTH,),
}
REGIONS = PARTS | {
    "hull": (OVAL,),
    "inner": (BROWS[0] + BROWS[1] + NOSE + MOUTH + CHEEKS,),
}
"""Groups of points; a region is the convex hull of each of its groups."""

GROWTH = {"eyes": 9, "nose": 9, "mouth": 13}  # pixels around a part, whose points lie on its very edge
BEND_CELLS, BEND = 16, (1.0, 4.0)  # cells a side of the elastic deformation, and its standard deviation in pixels
KERNELS = range(5, 27, 2)  # sides of the blurs, pixels

GRID = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE))).astype(np.float32)  # x, y


def region(points: Points, names: tuple[str, ...]) -> Mask:
    """The hard mask of some regions of a face."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for name in names:
        part = np.zeros_like(mask)
        for group in REGIONS[name]:
            outline = cv2.convexHull(np.round(points[list(group)]).astype(np.int32))
            cv2.fillConvexPoly(part, outline, 255)
        if growth := GROWTH.get(name):
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * growth + 1, 2 * growth + 1))
            part = np.asarray(cv2.dilate(part, disc), np.uint8)
        mask = mask | part
    return mask


def soften(mask: Mask, rng: np.random.Generator) -> Mask:
    """Bends a hard mask and gives it a soft edge, which lies inside the bent one for the most part.

    The first blur and the cut after it take away a rim that the second blur, of another width, fills.
    """
    bends = rng.normal(0, rng.uniform(*BEND), (2, BEND_CELLS, BEND_CELLS)).astype(np.float32)
    x, y = (plane + cv2.resize(bend, (SIZE, SIZE)) for plane, bend in zip(GRID, bends, strict=True))
    bent = cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    first, second = rng.choice(KERNELS, 2).tolist()
    core = (cv2.blur(bent, (first, first), borderType=cv2.BORDER_REPLICATE) == 255).astype(np.uint8) * 255
    once = cv2.blur(core, (second, second), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.blur(once, (second, second), borderType=cv2.BORDER_REPLICATE), np.uint8)
