"""A page of forgeries to look at."""

from PIL import Image

from edgedf.data.dataset import Dataset
from edgedf.data.forge.variants import VARIANTS

TILE, EACH = 96, 8  # side of a picture in pixels, and forgeries of a variant


def draw_sheet(forged: Dataset) -> Image.Image:
    """Forged crops, each with its mask to the right, one line a variant in the order of `VARIANTS`.

    Args:
        forged: As `edgedf.data.forge.write.forge_dataset` gives it.
    """
    lines = [[i for i, method in enumerate(forged.methods) if method == name][:EACH] for name in VARIANTS]
    lines = [line for line in lines if line]
    page = Image.new("RGB", (2 * TILE * max(map(len, lines)), TILE * len(lines)))
    for down, line in enumerate(lines):
        for across, i in enumerate(line):
            for side, name in enumerate(("path", "mask")):
                with Image.open(forged.root / forged.columns[name][i]) as picture:
                    tile = picture.convert("RGB").resize((TILE, TILE), Image.Resampling.BOX)
                page.paste(tile, ((2 * across + side) * TILE, down * TILE))
    return page
