"""The measure of sharpness."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from edgedf.data.drawn import draw_face
from edgedf.faces.sharpness import sharpness


def test_it_is_the_variance_of_the_grey_laplacian() -> None:
    cv2 = pytest.importorskip("cv2")
    for seed in range(3):
        face = draw_face(np.random.default_rng(seed), fake=False)
        edges = cv2.Laplacian(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), cv2.CV_16S)
        assert sharpness(face) == pytest.approx(edges.var(), rel=0.002)


def test_blur_lowers_it_and_a_flat_picture_has_none() -> None:
    face = draw_face(np.random.default_rng(0), fake=False)
    soft = np.asarray(Image.fromarray(face).filter(ImageFilter.GaussianBlur(4)))
    assert sharpness(soft) < sharpness(face) / 10
    assert sharpness(np.full_like(face, 90)) == pytest.approx(0, abs=1e-3)
