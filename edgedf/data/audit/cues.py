"""Cheap cues of one picture, by family: what a label must not follow from.

None of them needs a network or knows what a face is. A detector that does no better than these has learned how the
pictures were made, not how faces are forged.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgedf.colour import luma
from edgedf.data.dataset import BOX
from edgedf.faces.crop import SIZE

Cues = dict[str, NDArray[np.float32]]
Cells = Mapping[str, str]

FAMILIES = {
    "jpeg": "format, JPEG tables, 8 px grid",
    "file size": "bytes, and bytes a pixel",
    "native size": "picture size and native_px",
    "sharpness": "fine detail at three scales",
    "colour": "means, spreads, saturation",
    "spectrum": "power in rings of frequency",
    "border": "the outer 8 px against the inside",
    "position": "face box in its picture",
}
RINGS = 24  # of the spectrum
EDGE = 8  # width of the border in pixels


def file_cues(path: Path, cells: Cells) -> Cues:
    """Cues from a file's header, its size and its row of the table; nothing is decoded.

    Raises:
        OSError: It cannot be opened as a picture.
    """
    size = path.stat().st_size
    with Image.open(path) as image:
        width, height = image.size
        tables: dict[int, list[int]] = getattr(image, "quantization", None) or {}
        layers = [value for layer in getattr(image, "layer", []) for value in layer[1:3]]  # chroma subsampling
        traits = [image.format == "JPEG", image.format == "PNG", "exif" in image.info, "icc_profile" in image.info]
        progressive = bool(image.info.get("progressive"))
    steps = [np.resize(np.array(tables.get(i, [0]), np.float32), 64) for i in range(2)]
    sampling = np.resize(np.array(layers or [0], np.float32), 6)
    found = {
        "jpeg": np.concatenate([traits, [progressive], sampling, *(_coarseness(table) for table in steps)]),
        "file size": np.log([size, size / (width * height)]),
        "native size": np.log([width, height, width / height]),
    }
    if "native_px" in cells:
        found["native size"] = np.append(found["native size"], number(cells["native_px"]))
    if all(name in cells for name in BOX):
        x, y, w, h = (number(cells[name]) for name in BOX)
        found["position"] = np.array([(x + w / 2) / width, (y + h / 2) / height, w / width, h / height, w / (h or 1)])
    return {name: values.astype(np.float32) for name, values in found.items()}


def number(cell: str) -> float:
    """A cell's number, or NaN where it has none."""
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _coarseness(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """A table of quantisation in five numbers: what scales with quality, and what tells encoders apart."""
    return np.array([table.mean(), table[0], table[1:9].mean(), table[-8:].mean(), table.std()], np.float32)


def pixel_cues(native: NDArray[np.uint8], crop: NDArray[np.uint8]) -> Cues:
    """Cues from pixels.

    Args:
        native: The picture as it is in its file, `(H, W, 3)`.
        crop: The crop that a detector sees, `(256, 256, 3)`.
    """
    grey = luma(crop)
    return {
        "jpeg": _grid(native[..., 1]),
        "sharpness": _sharpness(grey),
        "colour": _colour(crop),
        "spectrum": _spectrum(grey),
        "border": _border(grey),
    }


def _grid(green: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much larger steps are at the borders of JPEG's 8 px blocks, along both sides."""
    values = green.astype(np.int16)
    found = []
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis)).mean(axis=1 - axis)
        at = np.arange(len(steps)) % 8 == 7
        found.append(np.log((steps[at].mean() + 0.1) / (steps[~at].mean() + 0.1)) if at.any() else 0.0)
    return np.array(found, np.float32)


def _sharpness(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and spread of the Laplacian and mean gradient, at full, half and quarter size, as logarithms."""
    found = []
    for _ in range(3):
        inside = grey[1:-1, 1:-1]
        laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inside
        gradient = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
        found += [np.abs(laplacian).mean(), laplacian.std(), gradient]
        grey = (grey[::2, ::2] + grey[1::2, ::2] + grey[::2, 1::2] + grey[1::2, 1::2]) * np.float32(0.25)
    return np.log(np.array(found) + 0.01).astype(np.float32)


def _colour(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean and spread of each channel, of the differences between them, and of saturation."""
    red, green, blue = np.ascontiguousarray(np.moveaxis(crop[::4, ::4], 2, 0), np.float32)
    saturation = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    parts = red, green, blue, red - green, blue - green, saturation
    return np.array([value for part in parts for value in (part.mean(), part.std())], np.float32)


def _rings(side: int) -> NDArray[np.intp]:
    """Ring of each frequency of a real transform, `(side, side // 2 + 1)`; `RINGS` for the corners beyond."""
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    rings: NDArray[np.intp] = np.minimum(np.hypot(rows, columns) * 2 * RINGS, RINGS).astype(np.intp)
    return rings


RING_OF = _rings(SIZE)
PER_RING = np.bincount(RING_OF.ravel(), minlength=RINGS + 1)
WINDOW = np.outer(np.hanning(SIZE), np.hanning(SIZE)).astype(np.float32)


def _spectrum(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm of the mean power in each ring, `(RINGS + 1,)`."""
    waves = np.fft.rfft2((grey - grey.mean()) * WINDOW)
    power = waves.real**2 + waves.imag**2
    mean = np.bincount(RING_OF.ravel(), power.ravel(), RINGS + 1) / PER_RING
    return np.log(mean + 1.0).astype(np.float32)


def _border(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean, spread and step inwards of each edge, and how much of it is flat."""
    found = []
    for side in range(4):
        turned = np.rot90(grey, side)
        edge, next_to = turned[:EDGE], turned[EDGE : 2 * EDGE]
        found += [edge.mean(), edge.std(), edge.mean() - next_to.mean(), np.mean(np.diff(edge, axis=0) == 0)]
    return np.array(found, np.float32)
