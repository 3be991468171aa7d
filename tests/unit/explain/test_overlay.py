from io import BytesIO

import numpy as np
from PIL import Image

from edgedf.explain.maps import Crop, upsampled
from edgedf.explain.overlay import GAP, overlay, png, sheet, uri


def test_only_where_there_is_evidence_the_crop_changes(crop: Crop) -> None:
    evidence = np.zeros((256, 256), np.float32)
    evidence[:100] = 5
    shown = np.asarray(overlay(crop, evidence))
    assert (shown[100:] == crop[100:]).all()
    assert (shown[:100] != crop[:100]).any(axis=2).mean() > 0.95


def test_a_map_of_nothing_leaves_the_crop(crop: Crop) -> None:
    assert (np.asarray(overlay(crop, upsampled(np.zeros((2, 2))))) == crop).all()


def test_a_sheet_holds_every_picture(crop: Crop) -> None:
    face = Image.fromarray(crop)
    one = sheet([("a", {"crop": face, "attention": face})])
    two = sheet([("a", {"crop": face, "attention": face}), ("Jürgen", {"crop": face})])
    assert one.width == two.width == 2 * 256 + 3 * GAP
    assert two.height > 2 * 256 and (np.asarray(two)[: one.height - GAP] == np.asarray(one)[:-GAP]).all()


def test_files(crop: Crop) -> None:
    face = Image.fromarray(crop)
    assert (np.asarray(Image.open(BytesIO(png(face)))) == crop).all()
    assert uri(face).startswith("data:image/jpeg;base64,")
