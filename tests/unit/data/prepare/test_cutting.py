"""The faces of one photo or video."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgedf.data.prepare.cutting import Cutter, file_of, write_crop
from edgedf.data.prepare.following import Follower
from edgedf.data.prepare.frame import Frame
from edgedf.data.prepare.outcome import PHOTO, Clock, Face, Outcome
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.data.prepare.workers import make_cutter
from edgedf.faces.crop import CropRule, read_image
from edgedf.faces.decoding import Faces, Floats
from edgedf.faces.detectors import Detector, load_detector
from tests.unit.data.prepare.conftest import Film, Picture, scene

Photo = Callable[..., Path]
PNG = Settings(every=4, quality=0)


@pytest.fixture
def cutter(tmp_path: Path) -> Cutter:
    return make_cutter(PNG, tmp_path / "out")


def cut(cutter: Cutter, path: Path, shared: list[Face] | None = None) -> Outcome:
    return cutter.cut(source(path), shared)


def source(path: Path) -> Source:
    return Source(path, path.stem, {"label": "real", "split": "train", "group": path.stem})


def crops(tmp_path: Path, outcome: Outcome, path: Path) -> list[Picture]:
    return [read_image(tmp_path / "out" / file_of(source(path), face, ".png")) for face in outcome.faces]


def test_a_photo_of_two_faces(cutter: Cutter, photo: Photo, tmp_path: Path) -> None:
    """The crop is that of the rule, and by the rule the box in it gives the whole crop again."""
    path = photo(tmp_path / "x.png", 0, 1)
    outcome = cut(cutter, path)
    assert [face.number for face in outcome.faces] == [0, 1]
    assert not outcome.problem
    for face, crop in zip(outcome.faces, crops(tmp_path, outcome, path), strict=True):
        assert face.frame == PHOTO
        assert np.allclose(crop, CropRule().cut_square(read_image(path), face.square), atol=1)
        assert np.array_equal(crop, CropRule().cut(crop, face.box))


def test_a_photo_on_its_side_is_turned_first(cutter: Cutter, photo: Photo, tmp_path: Path) -> None:
    upright = photo(tmp_path / "x.png", 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to show
    Image.open(upright).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "y.png", exif=exif)
    assert cut(cutter, tmp_path / "y.png").faces == cut(cutter, upright).faces


def test_a_face_is_followed_through_a_video(cutter: Cutter, film: Film, tmp_path: Path) -> None:
    """One number for one face; between two looks the boxes move as the face does."""
    path = film(tmp_path / "x.mp4", frames=23)
    outcome = cut(cutter, path)
    assert [(face.frame, face.number) for face in outcome.faces] == [(frame, 0) for frame in range(0, 23, 4)]
    left = np.array([face.square[0] for face in outcome.faces])
    assert np.abs(np.diff(left) - 4).max() < 2


def test_no_face_is_cut_where_one_of_two_looks_saw_none(cutter: Cutter, film: Film, tmp_path: Path) -> None:
    class Blinking:
        name = "yunet"
        looks = 0

        def detect(self, images: Sequence[Picture]) -> list[Faces]:
            self.looks += 1
            return whole.detect(images if self.looks != 2 else [np.zeros_like(images[0])])

    whole = cutter._detector
    outcome = cut(Cutter(PNG, Blinking(), tmp_path / "out"), film(tmp_path / "x.mp4", frames=32))
    assert [face.frame for face in outcome.faces] == [0, 4, 8, 12, 28]  # looked at: 0, 24, 12 between them, 28


@pytest.mark.parametrize(("speed", "looked_at"), [(0, [0, 24, 28]), (1, [0, 24, 12, 28])])
def test_a_face_that_moves_is_looked_at_more_often(faces: list[Picture], speed: int, looked_at: list[int]) -> None:
    class Watched(Frame):
        def faces(self, detector: Detector) -> Floats:
            looks.append(self.number)
            return super().faces(detector)

    looks: list[int] = []
    frames = [Watched(i, scene([faces[0]], speed * i)) for i in range(0, 32, 4)]
    found = list(Follower(load_detector(), 24, Clock()).follow(frames))
    assert looks == looked_at
    assert [frame.number for frame, there in found if len(there) == 1] == list(range(0, 32, 4))


def test_small_and_blurred_faces_are_left_out_and_counted(photo: Photo, tmp_path: Path) -> None:
    path = photo(tmp_path / "x.png", 0, 1)
    for change, what in (({"smallest": 200}, "small"), ({"sharpness": 1e5}, "blurred")):
        outcome = cut(make_cutter(replace(PNG, **change), tmp_path / "out"), path)
        assert outcome.left_out == {what: 2}
        assert outcome.problem == f"no face found but 2 too {what}"


def test_a_fake_is_cut_as_its_real(cutter: Cutter, film: Film, photo: Photo, tmp_path: Path) -> None:
    real = cut(cutter, film(tmp_path / "real.mp4", face=0)).faces
    fake = cut(cutter, film(tmp_path / "fake.mp4", face=1), real)
    assert fake.faces == real
    photos = [photo(tmp_path / name, i) for i, name in enumerate(("real.png", "fake.png"))]
    of_real = cut(cutter, photos[0]).faces
    assert cut(cutter, photos[1], of_real).faces == of_real != cut(cutter, photos[1]).faces


def test_another_scene_is_not_cut_as_its_real(cutter: Cutter, film: Film, tmp_path: Path) -> None:
    """A fake that was cut shorter or moved would be framed beside its face: nothing is kept of it."""
    path = film(tmp_path / "real.mp4", frames=32)
    beside = [face._replace(square=(200.0, 0.0, 100.0)) for face in cut(cutter, path).faces]
    outcome = cut(cutter, film(tmp_path / "fake.mp4", frames=32), beside)
    assert outcome.problem.startswith("in 2 of 2 frames there is no face")
    assert not outcome.faces
    assert not list((tmp_path / "out" / "fake").iterdir())
    larger = [face._replace(square=(200.0, 0.0, 300.0)) for face in beside]
    assert "do not hold the square" in cut(cutter, path, larger).problem


@pytest.mark.parametrize("quality", [95, 0])
def test_a_crop_that_fits_only_in_part_is_an_error(tmp_path: Path, quality: int) -> None:
    """A full disk takes the beginning of a file without a word; a limit on the size of files does the same."""
    crop = np.random.default_rng(0).integers(0, 20, (256, 256, 3), dtype=np.uint8)
    resource = pytest.importorskip("resource")  # not on Windows
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError):
            write_crop(crop, tmp_path / "x", quality)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
