"""The crop rule: one square of fixed size around every face."""

import math
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from edgedf.errors import InputError
from edgedf.typed import read

SIZE = 256
TILE = 32  # pixels; even, as pixels of 4:2:0 share their colours in twos
INTERPOLATIONS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}

# What Pillow raises for broken files; a warning only counts where warnings are errors.
UNREADABLE = (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError, Warning)

Box = tuple[float, float, float, float]
"""`(x, y, width, height)` of a face in pixels, from the top left corner."""

Square = tuple[float, float, float]
"""`(x, y, side)` of what is cut, in pixels."""


@dataclass(frozen=True)
class CropRule:
    """How a face box becomes a crop; a bundle's manifest carries one.

    The default pair of margin and shift makes YuNet's boxes as tight as the training faces.

    Attributes:
        detector: Name of the detector whose boxes the rule is made for.
        margin: Side of the crop, in longer sides of the box.
        shift: How far the crop's centre lies below the box's, in sides of the crop.
        size: Side of the resized crop in pixels.
        interpolation: `bilinear` or `bicubic`, antialiased as Pillow does it.
    """

    detector: str = "yunet"
    margin: float = 0.92
    shift: float = 0.05
    size: int = SIZE
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        if self.interpolation not in INTERPOLATIONS:
            known = ", ".join(INTERPOLATIONS)
            raise InputError(f"unknown interpolation {self.interpolation!r} in the crop rule: use {known}")
        if not (self.margin > 0 and self.size > 0):
            raise InputError("the crop rule's margin and size must be above 0")

    def square(self, box: Box, width: int, height: int) -> Square:
        """Places the crop in a picture of `width` x `height` pixels.

        Returns:
            `(x, y, side)` in pixels, moved and at need shrunk to lie inside the picture.

        Raises:
            InputError: The box has no area.
        """
        x, y, box_width, box_height = box
        if not (box_width > 0 and box_height > 0):
            raise InputError(f"the face box {box} has no area")
        side = min(self.margin * max(box_width, box_height), float(width), float(height))
        left = x + box_width / 2 - side / 2
        top = y + box_height / 2 + self.shift * side - side / 2
        return min(max(left, 0.0), width - side), min(max(top, 0.0), height - side), side

    def cut(self, image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
        """Cuts the face in `box` out of an image `(H, W, 3)`; gives `(size, size, 3)`."""
        height, width = image.shape[:2]
        return self.cut_square(image, self.square(box, width, height))

    def whole(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resizes an image `(H, W, 3)` that is a crop already; of an oblong one, its centre square."""
        height, width = image.shape[:2]
        side = min(height, width)
        return self.cut_square(image, ((width - side) // 2, (height - side) // 2, side))

    def cut_square(self, image: NDArray[np.uint8], square: Square) -> NDArray[np.uint8]:
        """Cuts a square inside an image `(H, W, 3)`; gives `(size, size, 3)`."""
        height, width = image.shape[:2]
        x, y, side = square
        left, top, right, bottom = self.around(square, width, height)
        # Rounding may put x + side a hair outside, which Pillow refuses.
        area = (x - left, y - top, min(x + side, width) - left, min(y + side, height) - top)
        resample = INTERPOLATIONS[self.interpolation]
        # Not of the whole image: Pillow would copy it first.
        part = Image.fromarray(image[top:bottom, left:right])
        crop = part.resize((self.size, self.size), resample, box=area)
        return np.array(crop, dtype=np.uint8)

    def around(self, square: Square, width: int, height: int) -> tuple[int, int, int, int]:
        """What cutting a square reads of a picture of `width` x `height` pixels: left, top, right and bottom.

        Up to whole tiles, so that few sizes occur.
        """
        x, y, side = square
        reach = 2 * max(side / self.size, 1) + 1  # of the wider filter, bicubic
        left, top = (max(math.floor((corner - reach) / TILE), 0) * TILE for corner in (x, y))
        right, bottom = (math.ceil((corner + side + reach) / TILE) * TILE for corner in (x, y))
        return left, top, min(right, width), min(bottom, height)

    def to_dict(self) -> dict[str, Any]:
        """The rule as JSON-able values, for a manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CropRule":
        """The rule a manifest holds.

        Raises:
            InputError: A key is unknown or a value cannot be used.
        """
        return read(cls, values, "the crop rule")


def read_image(file: Path | BinaryIO) -> NDArray[np.uint8]:
    """Reads a picture, by its path or from an open file, as RGB `(H, W, 3)`, turned upright by its EXIF tag.

    Raises:
        InputError: The file cannot be read as an 8-bit picture, or holds more pixels than Pillow's limit.
    """
    try:
        return np.array(_upright_rgb(file), dtype=np.uint8)
    except UNREADABLE as error:
        name = "this" if hasattr(file, "read") else file
        why = "its format is not known" if isinstance(error, UnidentifiedImageError) else error
        raise InputError(f"cannot read {name} as a picture: {why}") from error


def _upright_rgb(file: Path | BinaryIO) -> Image.Image:
    """The picture; what it was made from is let go, or the largest one would take 1.3 GB with its array."""
    with Image.open(file) as image:
        _check(image)
        ImageOps.exif_transpose(image, in_place=True)
        # Pillow warns about palettes with an alpha value an entry unless they pass through RGBA.
        opaque = image.convert("RGBA") if "transparency" in image.info else image
        return opaque if opaque.mode == "RGB" else opaque.convert("RGB")  # converting copies, whatever the mode


def _check(image: Image.Image) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise ValueError(f"{image.width} x {image.height} pixels, the limit is {limit}")
    if image.mode[0] in "IF":
        raise ValueError(f"pixels of mode {image.mode}; save it with 8 bits a channel first")
