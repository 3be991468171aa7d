"""Masks of fakes whose original shows the same frame in the same box: where the two differ."""

import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedf.data.dataset import Dataset, Progress, write_dataset
from edgedf.data.forge.masks import Mask
from edgedf.data.forge.write import claimed_new, write_png
from edgedf.errors import DatasetError
from edgedf.faces.crop import read_image

WINDOW = 7  # side of the mean over which a difference counts, pixels at 224 a side: JPEG's blocks have 8
NOISE_QUANTILE = 0.2  # of the differences: what compression alone does, as a forgery leaves a fifth of a crop alone
MOST_NOISE = 12.0  # levels: more is no compression's doing
ABOVE_NOISE, LEAST = 2.5, 8.0  # times the noise, and levels: what counts as forged
CLOSING, OPENING = 0.08, 0.02  # sides of the crop: gaps that are filled, and specks that are not forged
SMALLEST = 0.005  # share of the crop that a forgery covers
RIM = 0.08  # sides of the crop: what is mostly not forged
FORGED_RIM = 0.5  # share of the rim above which the two show different frames
SHIFT = 1.0  # pixels at 224 a side that the rim may have moved by
RIDGE = 0.5  # levels a pixel: a gradient below it is noise


class Rejected(StrEnum):
    """Why a pair gives no mask."""

    SIZES = "sizes differ"
    MISALIGNED = "misaligned"
    SAME = "no difference"


def pair_mask(fake: NDArray[np.uint8], real: NDArray[np.uint8]) -> Mask | Rejected:
    """The forged region of a fake, 255 in it and 0 elsewhere, or why there is none.

    Args:
        fake: RGB `(H, W, 3)`.
        real: The same frame and box before it was forged, `(H, W, 3)`.
    """
    if fake.shape != real.shape:
        return Rejected.SIZES
    side = min(fake.shape[:2])
    window = _odd(WINDOW / 224 * side)
    difference = cv2.blur(cv2.absdiff(fake, real).max(2).astype(np.float32), (window, window))
    noise = float(np.quantile(difference, NOISE_QUANTILE))
    if noise > MOST_NOISE:
        return Rejected.MISALIGNED
    limit = max(LEAST, ABOVE_NOISE * noise)
    mask = _cleaned((difference > limit).astype(np.uint8) * 255, side)
    mask = np.asarray(cv2.erode(mask, np.ones((window, window), np.uint8)), np.uint8)  # the mean reaches beyond
    if mask.mean() / 255 < SMALLEST:
        return Rejected.SAME
    return Rejected.MISALIGNED if _misaligned(fake, real, mask) else mask


def mask_dataset(dataset: Dataset, out: Path, progress: Progress | None = None) -> tuple[Dataset, Counter[str]]:
    """Writes the masks of a dataset's pairs, and a table of the same pictures that names them.

    Args:
        dataset: Fakes name their real pictures in the column `original`.
        out: Folder to write; its table points to the pictures where they are.
        progress: Shows how far it got.

    Returns:
        The dataset in `out`, whose column `mask` is empty where there is none; and how many pairs gave a mask
        ("mask"), or were rejected, by the reason.

    Raises:
        ConfigError: There is a dataset in `out`.
        DatasetError: No fake names an original of this dataset.
    """
    with claimed_new(out):
        return _mask(dataset, out, progress)


def _mask(dataset: Dataset, out: Path, progress: Progress | None) -> tuple[Dataset, Counter[str]]:
    originals = dataset.originals
    fakes = np.flatnonzero(originals != np.arange(len(dataset))).tolist()
    if not fakes:
        raise DatasetError(f"{dataset.root} has no fake whose original is in it too: the column original names it")
    (out / "mask").mkdir(parents=True, exist_ok=True)
    masks = [""] * len(dataset)

    def write(number: int) -> str:
        fake = fakes[number]
        found = pair_mask(*(read_image(dataset.paths[i]) for i in (fake, originals[fake])))
        if isinstance(found, Rejected):
            return found.value
        masks[fake] = f"mask/{fake:06}.png"
        write_png(out / masks[fake], found)
        return "mask"

    numbers: Iterable[int] = range(len(fakes))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(write, numbers)
        shown = progress(numbers, "comparing pairs", len(fakes)) if progress else numbers
        counts = Counter(next(results) for _ in shown)
    places = [os.path.relpath(path.resolve(), out.resolve()) for path in dataset.paths]
    columns = dataset.columns | {"path": places, "original": _named(dataset, places), "mask": masks}
    write_dataset(out, columns)
    return Dataset(out, columns), counts


def _named(dataset: Dataset, places: list[str]) -> list[str]:
    """The column `original` with the new path of each picture that is there."""
    cells = zip(dataset.originals.tolist(), dataset.columns["original"], strict=True)
    return [places[original] if original != i else cell for i, (original, cell) in enumerate(cells)]


def _cleaned(mask: Mask, side: int) -> Mask:
    """Without specks, gaps and holes."""
    for operation, size in ((cv2.MORPH_OPEN, OPENING), (cv2.MORPH_CLOSE, CLOSING)):
        width = _odd(size * side)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        mask = np.asarray(cv2.morphologyEx(mask, operation, disc), np.uint8)
    outlines = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    large = [outline for outline in outlines if cv2.contourArea(outline) > SMALLEST * mask.size]
    return np.asarray(cv2.drawContours(np.zeros_like(mask), large, -1, 255, -1), np.uint8)


def _misaligned(fake: NDArray[np.uint8], real: NDArray[np.uint8], mask: Mask) -> bool:
    """Whether the crop's rim, where nothing is forged, shows another frame or has moved."""
    side = min(mask.shape)
    rim = np.ones(mask.shape, bool)
    width = round(RIM * side)
    rim[width:-width, width:-width] = False
    untouched = rim & (mask == 0)
    return bool(untouched.sum() < (1 - FORGED_RIM) * rim.sum() or _shift(fake, real, untouched) > SHIFT / 224 * side)


def _shift(fake: NDArray[np.uint8], real: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    """By how many pixels one picture has moved against the other, by least squares on its gradient.

    A ridge keeps a flat rim, which cannot tell, from claiming a shift.
    """
    one, other = (_grey(picture) for picture in (fake, real))
    slopes = np.stack([cv2.Sobel(other, cv2.CV_32F, *axis, scale=1 / 8)[where] for axis in ((1, 0), (0, 1))], 1)
    square = slopes.T @ slopes + where.sum() * RIDGE**2 * np.eye(2)
    return float(np.hypot(*np.linalg.solve(square, slopes.T @ (one - other)[where])))


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 2), np.float32)


def _odd(size: float) -> int:
    return 2 * round(size / 2) + 1
