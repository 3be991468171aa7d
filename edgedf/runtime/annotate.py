"""The judged picture: each face in a box, its verdict and score beside it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edgedf.errors import InputError
from edgedf.faces.crop import Box
from edgedf.files import check_folder, disk_trouble, replacing
from edgedf.runtime.listing import is_video
from edgedf.runtime.verdict import Verdict

COLOURS = {"real": "#0072b2", "fake": "#d55e00", "abstain": "#4a5361"}
"""The first two are of Okabe and Ito, which the colour-blind can tell apart."""

JPEG = (".jpg", ".jpeg")
KEPT = (*JPEG, ".png")  # suffixes; other pictures are saved as PNG
QUALITY = 95


def places(paths: Sequence[Path], pictures: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Where the annotated form of each picture or video is written: below `folder` as it lies below its path.

    Args:
        paths: Files and folders of them, as a user named them.
        pictures: All pictures and videos that these come to.
        folder: What to write into.

    Raises:
        InputError: The folder cannot be written to, holds pictures that are judged, or would hold two of one name.
    """
    check_folder(folder)
    folders = [path for path in paths if path.is_dir()]
    # Else the next run would judge what this one wrote.
    if inside := next((one for one in folders if folder.resolve().is_relative_to(one.resolve())), None):
        raise InputError(f"{folder} lies in {inside}, whose files are judged: name another folder to save to")
    sources = {picture.resolve() for picture in pictures}
    source_of: dict[Path, Path] = {}
    for picture in pictures:
        root = next((one for one in folders if picture.is_relative_to(one)), picture.parent)
        relative = picture.relative_to(root)
        place = folder / _saved_as(relative)
        if place.resolve() in sources:
            raise InputError(f"{place} is a {_kind(place)} that is judged: name another folder to save to")
        if source_of.setdefault(place, picture) != picture:
            raise InputError(f"{source_of[place]} and {picture} would both be saved as {place}: judge them apart")
    return {picture: place for place, picture in source_of.items()}


def _saved_as(path: Path) -> Path:
    if is_video(path):
        return path.with_suffix(".mp4")
    return path if path.suffix.lower() in KEPT else path.with_suffix(".png")


def _kind(path: Path) -> str:
    return "video" if is_video(path) else "picture"


def write_annotated(path: Path, photo: NDArray[np.uint8], verdicts: Sequence[Verdict]) -> None:
    """Writes a photo `(H, W, 3)` with its verdicts, as JPEG or PNG by the suffix of `path`, whole or not at all.

    Raises:
        InputError: The disk cannot take it.
    """
    jpeg = path.suffix.lower() in JPEG
    with disk_trouble(path.parent), replacing(path) as beside:
        annotated(photo, verdicts).save(beside, "JPEG" if jpeg else "PNG", quality=QUALITY)


def annotated(photo: NDArray[np.uint8], verdicts: Sequence[Verdict]) -> Image.Image:
    """A photo `(H, W, 3)` with a box around each face, coloured by its verdict, and number, verdict and score."""
    image = Image.fromarray(photo)
    draw = ImageDraw.Draw(image)
    line = max(round(max(image.size) / 400), 2)
    font = _font(max(max(image.size) / 50, 12))
    taken: list[Box] = []
    for one in verdicts:
        if one.box:
            x, y, width, height = one.box
            draw.rectangle((x, y, x + width, y + height), outline=COLOURS[one.verdict], width=line)
            score = "" if one.verdict == "abstain" else f" {one.score:.2f}"
            label = f"{one.face} {one.verdict}{score}"
            _, _, wide, high = draw.textbbox((0, 0), label, font=font)
            left, top, wide, high = _beside(one.box, wide + 2 * line, high + 2 * line, image.size, taken)
            taken.append((left, top, wide, high))
            draw.rectangle((left, top, left + wide, top + high), fill=COLOURS[one.verdict])
            draw.text((left + line, top + line), label, fill="white", font=font)
    return image


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Read once, not for every frame of a video."""
    return ImageFont.load_default(size)


def _beside(box: Box, wide: float, high: float, size: tuple[int, int], taken: Sequence[Box]) -> Box:
    """Where a label goes: above its face, or below, inside the picture and off the labels before it if that can be."""
    x, y, _, height = box
    left = max(min(x, size[0] - wide), 0)
    tops = [top for top in (y - high, y + height) if 0 <= top <= size[1] - high]
    free = [top for top in tops if not any(_overlap((left, top, wide, high), other) for other in taken)]
    return left, (free or tops or [max(y, 0)])[0], wide, high


def _overlap(one: Box, other: Box) -> bool:
    return all(one[i] < other[i] + other[i + 2] and other[i] < one[i] + one[i + 2] for i in range(2))
