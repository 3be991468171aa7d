"""The annotated picture: what is drawn on it, and where it is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from edgedf.errors import InputError
from edgedf.faces.crop import Box, read_image
from edgedf.runtime.annotate import COLOURS, annotated, places, write_annotated
from edgedf.runtime.verdict import Verdict

GREY = np.full((300, 400, 3), 128, np.uint8)


def verdict(box: Box, verdict: str = "fake", face: int = 1) -> Verdict:
    return Verdict(Path("photo.png"), face, box, 0.91, verdict, 0.5)


def where(image: Image.Image, name: str) -> set[tuple[int, int]]:
    """The pixels `(x, y)` of a verdict's colour."""
    rows, columns = (np.asarray(image) == ImageColor.getrgb(COLOURS[name])).all(axis=2).nonzero()
    return set(zip(columns.tolist(), rows.tolist(), strict=True))


def test_boxes_are_of_the_colour_of_their_verdict() -> None:
    image = annotated(GREY, [verdict((50, 60, 80, 100)), verdict((250, 100, 60, 90), "real", 2)])
    for name, corners in {"fake": [(50, 60), (130, 160)], "real": [(250, 100), (310, 190)]}.items():
        assert set(corners) <= where(image, name)
    assert image.getpixel((90, 110)) == (128, 128, 128)  # the face is not covered
    assert (GREY == 128).all()


def test_the_label_lies_above_its_face() -> None:
    found = where(annotated(GREY, [verdict((50, 60, 80, 100))]), "fake")
    assert min(y for _, y in found) < 50
    assert max(y for _, y in found) == 160


@pytest.mark.parametrize(
    "box", [(-20.0, -30.0, 90.0, 80.0), (360.0, 250.0, 90.0, 90.0), (-5.0, -5.0, 420.0, 320.0)], ids=str
)
def test_the_label_stays_in_the_picture(box: Box) -> None:
    """White letters are seen, wherever the face is."""
    pixels = np.asarray(annotated(GREY, [verdict(box)]))
    whole = np.asarray(annotated(GREY, [verdict((100, 100, 90, 90))]))
    assert (pixels > 180).all(axis=2).sum() == (whole > 180).all(axis=2).sum() > 100


def test_a_label_hides_no_other() -> None:
    """Of two faces side by side, the second is labelled below."""
    pair = annotated(GREY, [verdict((100, 100, 40, 40)), verdict((120, 100, 40, 40), "real", 2)])
    alone = annotated(GREY, [verdict((100, 100, 40, 40))])
    upper = slice(0, 98)
    assert (np.asarray(pair)[upper] == np.asarray(alone)[upper]).all()
    assert max(y for _, y in where(pair, "real")) > 145


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.png", "PNG")])
def test_the_file_is_of_the_kind_its_name_says(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / name
    for _ in range(2):  # over an older one
        write_annotated(path, GREY, [verdict((50, 60, 80, 100))])
    with Image.open(path) as image:
        assert (image.format, image.size) == (kind, (400, 300))
    assert [one.name for one in path.parent.iterdir()] == [name]
    expected = np.asarray(annotated(GREY, [verdict((50, 60, 80, 100))]), np.float32)
    assert abs(read_image(path) - expected).mean() < 2


def test_a_picture_keeps_its_name_below_its_folder(tmp_path: Path) -> None:
    folder, alone = tmp_path / "photos", tmp_path / "other" / "1.jpg"
    pictures = [folder / "1.JPG", folder / "a" / "1.PNG", folder / "a" / "2.webp"]
    folder.mkdir()
    out = tmp_path / "out"
    assert places([folder], pictures, out) == dict(
        zip(pictures, [out / "1.JPG", out / "a" / "1.PNG", out / "a" / "2.png"], strict=True)
    )
    assert places([alone], [alone], out) == {alone: out / "1.jpg"}


def test_a_video_becomes_an_mp4(tmp_path: Path) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    videos = [clips / "a" / "1.MKV", clips / "2.mp4"]
    assert list(places([clips], videos, out).values()) == [out / "a" / "1.mp4", out / "2.mp4"]
    with pytest.raises(InputError, match=r"2.mp4 is a video that is judged"):
        places([tmp_path / "2.avi", tmp_path / "2.mp4"], [tmp_path / "2.avi", tmp_path / "2.mp4"], tmp_path)


def test_no_score_stands_beside_a_face_that_cannot_be_told() -> None:
    """The same picture whatever it would have been."""
    one, other = (verdict((50, 60, 80, 100), "abstain")._replace(score=score) for score in (0.2, 0.9))
    assert annotated(GREY, [one]).tobytes() == annotated(GREY, [other]).tobytes()
    assert where(annotated(GREY, [one]), "abstain")


def test_no_picture_is_written_over(tmp_path: Path) -> None:
    """Neither a source nor what another picture's annotated form was written to."""
    one, other = tmp_path / "a" / "1.png", tmp_path / "b" / "1.png"
    one.parent.mkdir()
    with pytest.raises(InputError, match=r"a/1.png is a picture that is judged"):
        places([one], [one], tmp_path / "a")
    with pytest.raises(InputError, match=r"a/1.png is a picture that is judged"):
        places([other, one], [other, one], tmp_path / "b" / ".." / "a")
    with pytest.raises(InputError, match=r"a/1.png and .*b/1.png would both be saved as .*out/1.png"):
        places([one, other], [one, other], tmp_path / "out")
    assert places([one, one], [one, one], tmp_path / "out") == {one: tmp_path / "out" / "1.png"}


def test_annotated_pictures_are_kept_out_of_what_is_judged(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for folder in (tmp_path / "photos", tmp_path / "photos" / "out"):
        with pytest.raises(InputError, match="whose files are judged: name another folder"):
            places([tmp_path / "photos"], [tmp_path / "photos" / "1.png"], folder)


def test_a_file_is_no_folder_to_save_to(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(InputError, match="out is a file"):
        places([], [], tmp_path / "out")
