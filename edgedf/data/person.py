"""A drawn person and a drawn scene: random numbers with names, so the face is nobody's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import SIZE

Colour = NDArray[np.float64]
"""Red, green, blue, 0..255."""

SKINS: Colour = np.array(
    [(248.0, 216, 194), (232, 188, 158), (198, 146, 112), (146, 98, 70), (82, 54, 42)],
)
HAIRS: Colour = np.array(
    [(28.0, 22, 20), (62, 42, 30), (118, 82, 50), (196, 160, 104), (140, 66, 36), (168, 166, 164)],
)
IRISES: Colour = np.array([(62.0, 40, 26), (96, 70, 40), (84, 110, 78), (92, 128, 158)])

TURN = 0.22  # how far the middle of a face moves at a full turn to the side, in half face heights


@dataclass(frozen=True)
class Person:
    """What stays the same in all pictures of one drawn person; lengths in half face heights."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    width: float
    jaw: float
    eye_gap: float
    eye_size: float
    brow: float
    nose: float
    mouth: float
    hairline: float
    long_hair: bool
    beard: float
    glasses: bool


@dataclass(frozen=True)
class Scene:
    """What changes from picture to picture.

    Attributes:
        centre: Of the face, in pixels of the crop.
        scale: Half the face's height in pixels.
        roll: Turn in the picture's plane, radians.
        yaw: Turn to the side, -1 to 1.
        smile: Lift of the corners of the mouth.
        gape: Opening of the mouth.
        light: Unit vector towards the light; x to the right, y down, z to the viewer.
        contrast: Share of the light that has a direction.
        gain: Colour cast and exposure, one factor a channel.
        haze: Level of black, 0..255: the picture's dark end is lifted this far.
        detail: Pixels a side that the camera resolved.
        noise: Standard deviation of the sensor's noise, 0..255.
        backdrop: Coarse colours behind the head `(6, 6, 3)`.
        clothes: Colour below the neck.
    """

    centre: tuple[float, float]
    scale: float
    roll: float
    yaw: float
    smile: float
    gape: float
    light: Colour
    contrast: float
    gain: Colour
    haze: float
    detail: int
    noise: float
    backdrop: NDArray[np.uint8]
    clothes: Colour


def random_person(rng: np.random.Generator) -> Person:
    """Draws a person's looks."""
    skin = _between(SKINS, rng.uniform()) + rng.normal(0, 5, 3)
    return Person(
        skin=skin,
        hair=HAIRS[rng.integers(len(HAIRS))] * rng.uniform(0.7, 1.2),
        iris=IRISES[rng.integers(len(IRISES))] * rng.uniform(0.8, 1.2),
        lips=skin * (0.86, 0.62, 0.62) + np.array((rng.uniform(0, 40), 0, rng.uniform(0, 12))),
        width=rng.uniform(0.68, 0.84),
        jaw=rng.uniform(0.1, 0.45),
        eye_gap=rng.uniform(0.3, 0.38),
        eye_size=rng.uniform(0.12, 0.16),
        brow=rng.uniform(0.025, 0.075),
        nose=rng.uniform(0.1, 0.17),
        mouth=rng.uniform(0.22, 0.34),
        hairline=rng.uniform(0.4, 0.85),
        long_hair=bool(rng.random() < 0.4),
        beard=max(0.0, rng.uniform(-0.7, 0.55)),
        glasses=bool(rng.random() < 0.25),
    )


def random_scene(rng: np.random.Generator) -> Scene:
    """Draws a pose, a light, a camera and a background."""
    light = np.array((rng.uniform(-1, 1), rng.uniform(-0.9, 0.1), rng.uniform(0.4, 1.0)))
    wall = rng.uniform(40, 220) + rng.normal(0, 18, 3)
    backdrop = wall + rng.normal(0, rng.uniform(2, 35), (6, 6, 1)) + rng.normal(0, 8, (6, 6, 3))
    return Scene(
        centre=(SIZE / 2 + rng.normal(0, 8), SIZE * 0.5 + rng.normal(0, 6)),
        scale=SIZE * rng.uniform(0.4, 0.5),
        roll=rng.normal(0, 0.09),
        yaw=float(np.clip(rng.normal(0, 0.35), -0.8, 0.8)),
        smile=rng.normal(0.02, 0.04),
        gape=max(0.0, rng.normal(0, 0.06)),
        light=light / np.linalg.norm(light),
        contrast=rng.uniform(0.2, 0.65),
        gain=rng.uniform(0.65, 1.15) * rng.normal(1, 0.06, 3),
        haze=rng.uniform(0, 45),
        detail=int(rng.integers(130, 225)),
        noise=rng.uniform(0.5, 4),
        backdrop=np.clip(backdrop, 0, 255).astype(np.uint8),
        clothes=rng.uniform(20, 200) + rng.normal(0, 25, 3),
    )


def _between(ramp: Colour, at: float) -> Colour:
    """The colour at `at`, 0..1, along a ramp `(n, 3)`."""
    stops = np.linspace(0, 1, len(ramp))
    return np.array([np.interp(at, stops, channel) for channel in ramp.T])
