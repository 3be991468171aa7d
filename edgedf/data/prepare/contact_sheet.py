"""A picture of some of the crops: a look tells more than counts."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

COLUMNS, ROWS = 12, 4  # of each label
TILE, LINE, GAP = 96, 18, 2


def contact_sheet(reals: Sequence[Path], fakes: Sequence[Path]) -> bytes:
    """A PNG of crops, evenly spread over the reals and the fakes, each under its heading."""
    blocks = [(name, _spread(paths)) for name, paths in (("real", reals), ("fake", fakes)) if paths]
    heights = [LINE + TILE * -(-len(paths) // COLUMNS) for _, paths in blocks]
    sheet = Image.new("RGB", (TILE * COLUMNS, sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    top = 0
    for (name, paths), height in zip(blocks, heights, strict=True):
        draw.text((GAP, top + GAP), name, fill="black")
        for i, path in enumerate(paths):
            with Image.open(path) as crop:
                tile = crop.resize((TILE - GAP, TILE - GAP))
            sheet.paste(tile, (TILE * (i % COLUMNS), top + LINE + TILE * (i // COLUMNS)))
        top += height
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _spread(paths: Sequence[Path]) -> list[Path]:
    places = np.linspace(0, len(paths) - 1, min(len(paths), COLUMNS * ROWS))
    return [paths[int(place)] for place in places]
