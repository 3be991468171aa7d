"""Light on a drawn face: brightness from the slopes of a head's relief."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.person import TURN, Person, Scene
from edgedf.faces.crop import SIZE

CELLS = 64  # side of the coarse map; shading is smooth, so it can be enlarged

# Centre x, y, half axes and height of each bump, in half face heights: ridge and tip of the nose, chin, brow.
MIDDLE = [(0.0, 0.12, 0.09, 0.24, 0.16), (0.0, 0.26, 0.11, 0.08, 0.06), (0.0, 0.85, 0.2, 0.12, 0.05)]
MIDDLE += [(0.0, -0.35, 0.45, 0.12, 0.04)]


def shading(person: Person, scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Brightness factors `(256, 256)` of a head under the scene's light, with blotches as skin has them."""
    height = _relief(person, scene)
    slope_y, slope_x = np.gradient(height, SIZE / CELLS / scene.scale)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(height)]) / np.sqrt(1 + slope_x**2 + slope_y**2)
    diffuse = np.clip(np.tensordot(scene.light, normal, 1), 0, None)
    shade = _enlarged(1 - scene.contrast + 1.45 * scene.contrast * diffuse)
    return shade * (
        1 + 0.02 * _enlarged(rng.standard_normal((24, 24))) + 0.01 * _enlarged(rng.standard_normal((90, 90)))
    )


def _relief(person: Person, scene: Scene) -> NDArray[np.float64]:
    """Height towards the viewer `(64, 64)`, in half face heights."""
    down, right = (np.mgrid[:CELLS, :CELLS] + 0.5) * SIZE / CELLS
    u = (right - scene.centre[0]) / scene.scale - TURN * scene.yaw
    v = (down - scene.centre[1]) / scene.scale
    inside = 1.15 - 0.9 * (u / person.width) ** 2 - 0.8 * v**2
    height: NDArray[np.float64] = 0.75 * np.sqrt(0.5 * (inside + np.sqrt(inside**2 + 0.1)))  # flat beyond the head
    cheeks = [(side * 0.42, 0.2, 0.2, 0.18, 0.07) for side in (-1, 1)]
    sockets = [(side * person.eye_gap, -0.12, 0.17, 0.1, -0.07) for side in (-1, 1)]
    for x, y, a, b, bump in MIDDLE + cheeks + sockets:
        height += bump * np.exp(-(((u - x) / a) ** 2) - ((v - y) / b) ** 2)
    return height


def _enlarged(values: NDArray[np.float64]) -> NDArray[np.float32]:
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
