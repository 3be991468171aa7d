"""The page of forgeries."""

from pathlib import Path

import numpy as np
from PIL import Image

from edgedf.data.dataset import Dataset
from edgedf.data.forge.sheet import EACH, TILE, draw_sheet


def test_each_crop_stands_beside_its_mask_one_line_a_variant(tmp_path: Path) -> None:
    """Two of one kind, one of another: red crops, white masks, black where there is none."""
    for name, colour in (("fake", "red"), ("mask", "white")):
        Image.new("RGB", (256, 256), colour).save(tmp_path / f"{name}.png")
    methods = ["", "swap", "self_blend", *["swap"] * EACH]
    columns = {"path": ["fake.png"] * len(methods), "mask": ["mask.png"] * len(methods), "method": methods}
    page = np.asarray(draw_sheet(Dataset(tmp_path, columns)))[TILE // 2 :: TILE, TILE // 2 :: TILE]
    pair = [[255, 0, 0], [255, 255, 255]]
    assert page.tolist() == [pair + [[0, 0, 0]] * 2 * (EACH - 1), pair * EACH]
