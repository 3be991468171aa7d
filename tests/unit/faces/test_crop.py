"""The crop rule: where the square lies, what comes out, what is refused."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgedf.errors import InputError
from edgedf.faces.crop import CropRule, read_image


@pytest.fixture
def ramp() -> NDArray[np.uint8]:
    """A picture `(200, 300, 3)` whose red grows to the right and green downwards."""
    down, right = np.mgrid[:200, :300]
    return np.stack([right * 255 // 299, down * 255 // 199, 0 * down], axis=2).astype(np.uint8)


def test_square_follows_the_longer_side_and_lies_lower() -> None:
    """Side = margin x the longer side; centre = the box's, `shift` sides lower."""
    x, y, side = CropRule().square((400, 300, 80, 100), 1000, 1000)
    assert side == pytest.approx(92)
    assert x + side / 2 == pytest.approx(440)
    assert y + side / 2 == pytest.approx(350 + 0.05 * 92)


@pytest.mark.parametrize("box", [(-30, -30, 100, 100), (250, 150, 100, 100), (0, 0, 900, 900)])
def test_square_stays_inside_the_picture(box: tuple[float, float, float, float]) -> None:
    """However far a box reaches out, the square is within the picture."""
    x, y, side = CropRule().square(box, 300, 200)
    assert x >= 0
    assert y >= 0
    assert x + side <= 300
    assert y + side <= 200


def test_cut_takes_the_pixels_of_the_square(ramp: NDArray[np.uint8]) -> None:
    """The crop's corners and centre show the picture at the square's corners and centre."""
    rule = CropRule(margin=1, shift=0)
    crop = rule.cut(ramp, (100, 50, 60, 60))
    assert crop.shape == (256, 256, 3)
    assert crop.dtype == np.uint8
    assert crop[128, 128, :2] == pytest.approx((130 * 255 / 299, 80 * 255 / 199), abs=2)
    assert crop[0, 0, :2] == pytest.approx((100 * 255 / 299, 50 * 255 / 199), abs=2)


def test_cut_is_antialiased() -> None:
    """Stripes of one pixel become grey when a large face is made smaller, not a moire."""
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[:, ::2] = 255
    crop = CropRule(margin=1, shift=0).cut(stripes, (0, 0, 1024, 1024))
    assert np.ptp(crop[:, 2:-2]) < 20


def test_whole_keeps_a_crop_of_the_right_size() -> None:
    """256 x 256 pixels come out unchanged."""
    crop = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert np.array_equal(CropRule().whole(crop), crop)


def test_whole_takes_the_centre_square(ramp: NDArray[np.uint8]) -> None:
    """Of 300 x 200 pixels, columns 50 to 250 are used."""
    crop = CropRule().whole(ramp)
    assert crop[128, 0, 0] == pytest.approx(50 * 255 / 299, abs=2)
    assert crop[128, 255, 0] == pytest.approx(249 * 255 / 299, abs=2)


def test_box_without_area_is_refused() -> None:
    """A box of no height has no square."""
    with pytest.raises(InputError, match="no area"):
        CropRule().square((10, 10, 5, 0), 100, 100)


def test_rule_survives_a_manifest() -> None:
    """What `to_dict` gives, `from_dict` takes."""
    rule = CropRule(margin=1.3, shift=0.1)
    assert CropRule.from_dict(rule.to_dict()) == rule


@pytest.mark.parametrize("change", [{"interpolation": "nearest"}, {"tilt": 1}, {"margin": 0}])
def test_unusable_rule_is_refused(change: dict[str, object]) -> None:
    """Unknown keys and values that cannot be used are errors."""
    with pytest.raises(InputError):
        CropRule.from_dict(CropRule().to_dict() | change)


def test_read_image_turns_upright(tmp_path: Path) -> None:
    """The EXIF orientation is applied."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (40, 20, 3)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_read_image_gives_rgb(tmp_path: Path, mode: str) -> None:
    """Grey, palette, transparent and print pictures all become RGB."""
    file = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new("RGB", (8, 8), "white").convert(mode).save(file)
    assert np.array_equal(read_image(file), np.full((8, 8, 3), 255))


def test_transparent_palette_is_read_quietly(tmp_path: Path) -> None:
    """An alpha value for each palette entry is no reason for a warning."""
    palette = Image.new("RGB", (8, 8), "blue").convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    palette.save(tmp_path / "a.png", transparency=bytes([128, 255]))
    assert read_image(tmp_path / "a.png")[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken", b"\xff\xd8\xff\xe0"])
def test_unreadable_file_is_one_error(tmp_path: Path, content: bytes) -> None:
    """Whatever is in the file, an `InputError` names it."""
    (tmp_path / "bad.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.jpg"):
        read_image(tmp_path / "bad.jpg")


def test_what_is_no_picture_is_told_without_words_of_python() -> None:
    """An open file has no name, but an address in memory."""
    with pytest.raises(InputError, match=r"^cannot read this as a picture: its format is not known$"):
        read_image(BytesIO(b"no picture"))


def test_a_warning_of_pillow_is_one_error_where_warnings_are_errors(tmp_path: Path) -> None:
    """Of a damaged EXIF tag, for one."""
    exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00\x12\x01"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    with pytest.raises(InputError, match="EXIF"):
        read_image(tmp_path / "a.jpg")


def test_truncated_picture_is_refused(tmp_path: Path) -> None:
    """Half a JPEG is not a face with a grey chin."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot read"):
        read_image(tmp_path / "a.jpg")


def test_sixteen_bits_are_refused(tmp_path: Path) -> None:
    """Pillow would clip 16-bit values to white."""
    Image.fromarray(np.full((8, 8), 30000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match="8 bits"):
        read_image(tmp_path / "deep.png")


def test_huge_picture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture over Pillow's limit is refused before it is decoded."""
    Image.new("RGB", (50, 50)).save(tmp_path / "a.png")
    for limit in (2000, 1000):  # over the limit Pillow warns, over twice the limit it raises
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(InputError, match=r"a\.png"):
            read_image(tmp_path / "a.png")


def test_a_part_of_the_picture_gives_the_same_crop() -> None:
    """What `around` says is read is all that is needed, and a camera and preparation cut the same pixels."""
    image = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    rule = CropRule(interpolation="bicubic")
    for x, y, side in ((0.0, 0.0, 280.5), (130.25, 77.5, 150.0), (360.5, 261.0, 39.0)):
        left, top, right, bottom = rule.around((x, y, side), 400, 300)
        cut = rule.cut_square(image, (x, y, side))
        assert (cut == rule.cut_square(image[top:bottom, left:right], (x - left, y - top, side))).all()
        box = (x, y, min(x + side, 400), min(y + side, 300))
        whole = np.asarray(Image.fromarray(image).resize((256, 256), Image.Resampling.BICUBIC, box=box))
        assert abs(cut.astype(int) - whole).max() <= 1, "Pillow rounds its box's corners to 24 bits"
