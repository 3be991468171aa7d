"""Augmented views of a crop: (image, view number) always gives the same pixels.

A view is a pure function of its numbers, so a teacher's answers about it can be stored once and
training can be resumed at any step.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.faces.crop import SIZE

SCALED_SHARE = 0.5  # the others keep the sampling that the camera's crops have
CONTRAST, BRIGHTNESS, TINT = 0.2, 25.0, 6.0  # gain share, levels, levels a colour, either way
JPEG_SHARE, JPEG_QUALITY = 0.1, (40, 95)
BLUR_SHARE, BLUR_SCALE = 0.1, (0.4, 0.9)  # shrunk to this share and enlarged again

cv2.setNumThreads(1)  # views are made on several threads already


class Plan(NamedTuple):
    """What happens to one crop.

    Attributes:
        left, top, side: Window of the crop and its mirrored surroundings that is scaled to the crop's size, in pixels.
        mirror: Whether left and right change places.
        light: Contrast, brightness and tint as one `(3, 4)` matrix on (red, green, blue, 1).
        blur: Shrunk to this share and enlarged again; 1 leaves it as it is.
        quality: Of a JPEG compression; 100 leaves it as it is.
        share: Of a fake in a mixture with its original.
        box: Where the original crop lies in the view: centre x, centre y, half side, in [-1, 1] coordinates `(3,)`.
    """

    left: int
    top: int
    side: int
    mirror: bool
    light: NDArray[np.float64]
    blur: float
    quality: int
    share: float
    box: NDArray[np.float32]


DICE = 15  # of each view


def plan_views(images: NDArray[np.int64], view: int, jitter: float) -> list[Plan]:
    """Plans one view of each image `(N,)`: the same for the same numbers.

    All at once: what Python does for a single view keeps the other threads that make views waiting.

    Args:
        images: Numbers of the images.
        view: Number of the view.
        jitter: The face is shifted by up to this share of half the side, and half of the faces are scaled to between
            `1 - 2 jitter` and `1 + jitter`; what comes in from outside is mirrored.
    """
    dice = throw_dice(images, view)
    right, down, scaled, scale, mirror, contrast, brightness, *tint, blurred, blur, compressed, quality, mixed = dice
    wanted = np.where(scaled < SCALED_SHARE, _between(1 - 2 * jitter, 1 + jitter, scale), 1.0)
    side = np.round(SIZE / wanted)
    # The crop's centre is seen `shift` half sides from the view's, which is a step of `shift / scale` in the crop.
    left, top = (np.round((SIZE - side - _between(-jitter, jitter, die) * side) / 2) for die in (right, down))
    mirrored = mirror < 0.5
    x, y = ((SIZE - side - 2 * start) / side for start in (left, top))
    boxes = np.stack([np.where(mirrored, -x, x), y, SIZE / side], 1).astype(np.float32)
    gain = _between(1 - CONTRAST, 1 + CONTRAST, contrast)
    level = 128 * (1 - gain) + _between(-BRIGHTNESS, BRIGHTNESS, brightness)
    lights = np.zeros((len(images), 3, 4))
    for channel, die in enumerate(tint):
        lights[:, channel, channel] = gain
        lights[:, channel, 3] = level + _between(-TINT, TINT, die)
    blurs = np.where(blurred < BLUR_SHARE, _between(*BLUR_SCALE, blur), 1.0)
    qualities = np.where(compressed < JPEG_SHARE, np.round(_between(*JPEG_QUALITY, quality)), 100)
    shares = np.sin(np.pi / 2 * mixed) ** 2  # the inverse of Beta(1/2, 1/2)'s distribution function
    windows = (part.astype(int).tolist() for part in (left, top, side))
    columns = (mirrored.tolist(), lights, blurs.tolist(), qualities.astype(int).tolist(), shares.tolist(), boxes)
    return [Plan(*row) for row in zip(*windows, *columns, strict=True)]


def throw_dice(images: NDArray[np.int64], view: int) -> NDArray[np.float64]:
    """The dice of one view of each image `(N,)`, uniform in [0, 1): `(DICE, N)`.

    Hashes of the numbers (SplitMix64: Steele, Lea and Flood, OOPSLA 2014): a generator for each view would take a
    tenth of the view.
    """
    steps = np.arange(1, DICE + 1, dtype=np.uint64)
    streams = _mixed(images.astype(np.uint64) + _mixed(np.array([view], np.uint64)))
    bits = _mixed(streams + steps[:, None] * np.uint64(0x9E3779B97F4A7C15))
    return (bits >> np.uint64(11)) / 2.0**53


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def make_view(crop: NDArray[np.uint8], plan: Plan, out: NDArray[np.uint8]) -> None:
    """Makes a planned view of a crop, both RGB uint8 `(256, 256, 3)`, in `out`."""
    cv2.transform(moved(crop, plan), plan.light, dst=out)
    if plan.blur < 1:
        out[:] = shrunk(out, plan.blur)
    if plan.quality < 100:
        out[:] = jpeg(out, plan.quality)


def mix_with_original(fake: NDArray[np.uint8], original: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """A fake crop faded towards the real one it was made from.

    The planned shares are of Beta(1/2, 1/2), as NTech-Lab had it in the DeepFake Detection Challenge: mostly near 0
    or 1. A network then has to say how much forgery there is, which learning a face by heart does not tell it.
    """
    return np.asarray(cv2.addWeighted(fake, share, original, 1 - share, 0), np.uint8)


def _between(low: float, high: float, share: NDArray[np.float64]) -> NDArray[np.float64]:
    return low + (high - low) * share


def moved(crop: NDArray[np.uint8], plan: Plan) -> Any:
    """A crop, or its mask `(256, 256)`, shifted, scaled and mirrored as planned.

    Windows of whole pixels and no rotation: a warp that can do both takes four times as long, and views are made on
    the cores that train.
    """
    ends = plan.top + plan.side, plan.left + plan.side
    pixels: Any = crop[max(plan.top, 0) : ends[0], max(plan.left, 0) : ends[1]]
    above, below, before, after = (max(n, 0) for n in (-plan.top, ends[0] - SIZE, -plan.left, ends[1] - SIZE))
    if above or below or before or after:
        pixels = cv2.copyMakeBorder(pixels, above, below, before, after, cv2.BORDER_REFLECT_101)
    if plan.side != SIZE:
        pixels = cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    return cv2.flip(pixels, 1) if plan.mirror else pixels


def shrunk(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """An image `(H, W, 3)` shrunk to a share of its sides, in (0, 1], and enlarged again."""
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """An RGB image `(H, W, 3)` after a JPEG compression."""
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)
