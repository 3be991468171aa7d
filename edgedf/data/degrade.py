"""What cameras and networks do to a face: each with a strength, for training and for tests of robustness."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Literal

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from edgedf.data.views import jpeg, shrunk
from edgedf.errors import UnavailableError

Image = NDArray[np.uint8]
"""RGB `(H, W, 3)`."""

Degradation = Callable[[Image, float, np.random.Generator], Image]
"""`(image, strength, rng)`: strength in [0, 1]; at 0 nothing changes but what a codec rounds."""

TOGETHER = 2  # degradations of one training view, at most
NOISE = 30.0  # largest standard deviation, levels
MOTION = 2.0  # pixels from one frame of a video to the next, at most
CRF = 18, 45  # x264's constant rate factor: from hardly visible to the worst that a face is recognised in
ENCODER = "libx264"
SETTINGS = {"preset": "superfast", "tune": "zerolatency", "sc_threshold": "0"}
"""One frame in, one out, and only the first a key frame. The preset is the quickest with H.264's deblocking and its
arithmetic coder; `ultrafast` has neither and takes longer, as it sets up tables of the other coder each time.
"""


def degrade(image: Image, rng: np.random.Generator) -> Image:
    """One or two degradations by chance, each of a random strength, for a training view."""
    names = [name for name in DEGRADATIONS if name != MOVES]
    for name in rng.permutation(names)[: rng.integers(1, TOGETHER + 1)].tolist():
        image = DEGRADATIONS[name](image, float(rng.random()), rng)
    return image


def _jpeg(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Quality 95 to 10."""
    return jpeg(image, round(95 - 85 * strength))


def _h264(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A frame of H.264 predicted from the one before it, in which all was up to 2 pixels aside; CRF 18 to 45."""
    height, width = image.shape[:2]
    now = _whole(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE))  # chroma is 2 x 2
    step = np.column_stack([np.eye(2), rng.uniform(-MOTION, MOTION, 2)])
    before = _whole(cv2.warpAffine(now, step, now.shape[1::-1], borderMode=cv2.BORDER_REPLICATE))
    made = _recoded([before, now], CRF[0] + (CRF[1] - CRF[0]) * strength)
    return np.ascontiguousarray(made[:height, :width])


def _recoded(frames: Sequence[Image], crf: float) -> Image:
    """The last of some frames of even sides, after all of them were encoded and decoded.

    Coders of its own and one thread: views are made on several threads, and more than one would change the bytes.
    """
    encoder, decoder = _coder(ENCODER, "w"), _coder("h264", "r")
    encoder.height, encoder.width = frames[0].shape[:2]
    encoder.pix_fmt, encoder.framerate = "yuv420p", Fraction(25)
    encoder.options = SETTINGS | {"crf": str(crf)}
    planes = [_whole(cv2.cvtColor(one, cv2.COLOR_RGB2YUV_I420)) for one in frames]
    pictures = [av.VideoFrame.from_ndarray(one, encoder.pix_fmt) for one in planes]
    packets = [packet for one in (*pictures, None) for packet in encoder.encode(one)]
    decoded = [one for packet in (*packets, None) for one in decoder.decode(packet)]
    return _whole(cv2.cvtColor(decoded[-1].to_ndarray(), cv2.COLOR_YUV2RGB_I420))


def _coder(name: str, mode: Literal["r", "w"]) -> VideoCodecContext:
    try:
        coder = av.Codec(name, mode).create("video")
    except av.codec.codec.UnknownCodecError as error:
        raise UnavailableError(
            f"this PyAV was built without {name}: run  pip install --force-reinstall --only-binary av av"
        ) from error
    coder.thread_count = 1
    return coder


def _resize(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Shrunk to as little as 15 % of its sides and enlarged again."""
    return shrunk(image, 1 - 0.85 * strength)


def _blur(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gaussian, of a standard deviation up to 1/64 of the width."""
    sigma = image.shape[1] / 64 * strength
    return _whole(cv2.GaussianBlur(image, (0, 0), sigma)) if sigma > 0 else image


def _noise(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gaussian, up to 30 levels."""
    return _levels(image + np.float32(NOISE * strength) * rng.standard_normal(image.shape, np.float32))


def _low_light(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Down to 15 % of the light, with the noise that a sensor then shows."""
    dark = image * np.float32(1 - 0.85 * strength)
    return _levels(dark + np.float32(NOISE / 4 * strength) * rng.standard_normal(image.shape, np.float32))


def _gamma(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Exponents up to 3, or down to a third."""
    exponent = 3.0 ** (strength * rng.choice([-1, 1]))
    return _whole(cv2.LUT(image, _levels(255 * (np.arange(256) / 255) ** exponent)))


def _colour_cast(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Gains of the channels up to 40 % apart from 1."""
    return _whole(cv2.transform(image, np.diag(1 + 0.4 * strength * rng.uniform(-1, 1, 3))))


def _occlusion(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """An ellipse of one colour over up to half of the width and height."""
    if strength == 0:
        return image
    size = np.array(image.shape[1::-1])
    centre, half = rng.uniform(0, 1, 2) * size, rng.uniform(0.5, 1, 2) * strength * size / 4
    colour = rng.integers(0, 256, 3).tolist()
    box = tuple(centre.tolist()), tuple((2 * half).tolist()), float(rng.uniform(0, 180))
    return _whole(cv2.ellipse(image.copy(), box, colour, -1))


def _jitter(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """A detector's error: shifts up to 15 % of the sides, sizes up to 20 % off; mirrored at the edges."""
    height, width = image.shape[:2]
    scale = 1 + 0.2 * strength * rng.uniform(-1, 1)
    middle = np.array([width, height]) / 2
    shift = 0.15 * strength * rng.uniform(-1, 1, 2) * [width, height]
    matrix = np.column_stack([scale * np.eye(2), (1 - scale) * middle + shift])
    return _whole(cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101))


DEGRADATIONS: dict[str, Degradation] = {
    "jpeg": _jpeg,
    "h264": _h264,
    "resize": _resize,
    "blur": _blur,
    "noise": _noise,
    "low_light": _low_light,
    "gamma": _gamma,
    "colour_cast": _colour_cast,
    "occlusion": _occlusion,
    "jitter": _jitter,
}

MOVES = "jitter"
"""Moves the face, so it is not for training: views have their own jitter, which the locator's target knows of."""


def _whole(pixels: Any) -> Image:
    return np.asarray(pixels, np.uint8)


def _levels(pixels: NDArray[np.floating]) -> Image:
    levels: Image = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return levels
