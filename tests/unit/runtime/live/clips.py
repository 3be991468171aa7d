"""Made videos and pictures whose brightness tells which frame it is."""

import io
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

RATE = 25
STEP = 4  # levels of brightness from a frame to the next


def picture(number: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """A frame: its left half black."""
    pixels = np.full((height, width, 3), 40 + STEP * number, np.uint8)
    pixels[:, : width // 2] = 0
    return pixels


def number_of(pixels: NDArray[np.uint8]) -> int:
    """Which frame it is."""
    return round((float(pixels.max(axis=(0, 1)).mean()) - 40) / STEP)


def clip(
    path: Path,
    frames: int = 20,
    size: tuple[int, int] = (64, 48),
    pix_fmt: str = "yuv420p",
    codec: str = "libx264",
    rotation: int = 0,
) -> Path:
    """Writes a video of so many frames."""
    with av.open(str(path), "w") as container:
        options = {"x264-params": "threads=1:log=0:keyint=5:bframes=2:qp=10"} if codec == "libx264" else {}
        stream = container.add_stream(codec, RATE, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        if rotation:
            stream.set_display_rotation(rotation)
        for i in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(i, *size), "rgb24")))
        container.mux(stream.encode(None))
    return path


def jpeg(number: int, width: int = 64, height: int = 48) -> bytes:
    """A frame as a JPEG, with a pattern below that makes it long enough to be broken."""
    pixels = picture(number, width, height)
    pixels[height // 2 :] = np.random.default_rng(0).integers(0, 30, (height - height // 2, width, 3))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()
