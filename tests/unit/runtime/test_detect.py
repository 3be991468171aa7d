"""Verdicts for files: every face once, in order; what could not be judged is listed at the end."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from edgedf.data.drawn import draw_face
from edgedf.errors import DatasetError, InputError, MissingExtraError
from edgedf.faces.crop import CropRule, read_image
from edgedf.faces.detectors import load_detector
from edgedf.runtime import Engine
from edgedf.runtime.detect import detect, detect_crops
from edgedf.runtime.listing import find_pictures
from edgedf.runtime.verdict import Verdict
from edgedf.runtime.video.verdict import VideoVerdict
from tests.unit.runtime.video.films import RED as RED_FACE
from tests.unit.runtime.video.films import film, people

RED, BLUE = (250, 0, 10), (10, 0, 250)  # the colour model calls red fake
SIDE = 256  # of a drawn portrait
FACES = [(60, 40), (436, 120)]  # where the portraits lie in `photo`


@pytest.fixture
def engine(make_bundle: Callable[..., Path]) -> Iterator[Engine]:
    with Engine.load(make_bundle(), threads=1) as engine:
        yield engine


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", size, colour).save(path)
    return path


def portrait(seed: int, colour: int | None = None) -> NDArray[np.uint8]:
    """A drawn face, with one channel (0 red, 2 blue) much brighter than its opposite."""
    face = draw_face(np.random.default_rng(seed), fake=False)
    if colour is not None:
        face[..., 2 - colour] //= 3
    return face


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    """A picture `(420, 760, 3)` with a blue face on the left and a red one on the right."""
    canvas = np.full((420, 760, 3), 90, np.uint8)
    for i, (x, y) in enumerate(FACES):
        canvas[y : y + SIDE, x : x + SIDE] = portrait(i, 2 - 2 * i)
    return canvas


@pytest.fixture
def saved(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    Image.fromarray(photo).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def photo_faces(engine: Engine, paths: list[Path], save: Path | None = None) -> Iterator[Verdict]:
    """Of photos."""
    for one in detect(engine, paths, save):
        assert isinstance(one, Verdict)
        yield one


def within(box: tuple[float, ...] | None, x: float, y: float, side: float) -> bool:
    assert box
    return x - 1 < box[0] and y - 1 < box[1] and box[0] + box[2] < x + side + 1 and box[1] + box[3] < y + side + 25


def test_each_face_of_a_photo_is_boxed_and_judged_from_left_to_right(engine: Engine, saved: Path) -> None:
    left, right = photo_faces(engine, [saved])
    assert [one.face for one in (left, right)] == [1, 2]
    assert [one.verdict for one in (left, right)] == ["real", "fake"]
    assert left.threshold == right.threshold == 0.6
    assert left.score < 0.6 < right.score
    for one, (x, y) in zip((left, right), FACES, strict=True):
        assert one.path == saved and within(one.box, x, y, SIDE)


def test_a_face_is_cut_by_the_bundles_rule(engine: Engine, saved: Path, photo: NDArray[np.uint8]) -> None:
    for one in photo_faces(engine, [saved]):
        assert one.box
        assert one.score == pytest.approx(engine.predict(CropRule().cut(photo, one.box)[None])[0], abs=1e-5)


def test_a_verdict_is_one_line_for_machine_and_person(engine: Engine, saved: Path) -> None:
    one = next(photo_faces(engine, [saved]))
    values = json.loads(json.dumps(one.to_dict()))
    assert list(values) == ["path", "face", "box", "score", "verdict", "threshold", "reason"]
    assert values["path"] == str(saved)
    assert values["box"] == [round(value) for value in one.box or ()]
    assert str(one) == f"real  {one.score:.3f}  {saved}  face 1 at {values['box']}"
    assert str(one._replace(path=Path("a\x1b[2J\n.png"), box=None)) == f"real  {one.score:.3f}  a\\x1b[2J\\n.png"


def test_small_faces_in_large_photos_are_found(engine: Engine, tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    """One of a fortieth of the photo's width, which is 8 pixels where the detector reads at 320."""
    large = Image.new("RGB", (3200, 2400), (90, 90, 90))
    large.paste(Image.fromarray(portrait(0)).resize((160, 160)), (2000, 1500))
    large.save(tmp_path / "large.png")
    [one] = photo_faces(engine, [tmp_path / "large.png"])
    assert within(one.box, 2000, 1500, 160)
    assert not len(load_detector().detect([np.asarray(large)])[0].boxes)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_in_the_pixels_of_the_upright_photo(
    orientation: int, engine: Engine, saved: Path, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    turns = {3: 2, 6: 1, 8: 3}[orientation]  # a quarter each, that the camera was turned by
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.rot90(photo, turns)).save(tmp_path / "turned.png", exif=exif)
    turned = list(photo_faces(engine, [tmp_path / "turned.png"], tmp_path / "out"))
    assert [one.box for one in turned] == [one.box for one in photo_faces(engine, [saved])]
    with Image.open(tmp_path / "out" / "turned.png") as written:
        assert (written.size, dict(written.getexif())) == ((760, 420), {})


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_photos_of_other_modes(mode: str, engine: Engine, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    path = tmp_path / ("photo.tif" if mode == "CMYK" else "photo.png")
    Image.fromarray(photo).convert(mode).save(path)
    found = list(photo_faces(engine, [path], tmp_path / "out"))
    assert len(found) == 2
    assert read_image(tmp_path / "out" / "photo.png").shape == photo.shape


def test_a_face_at_the_border(engine: Engine, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    """Half an ear of each is cut off, and what is judged stays inside the photo."""
    x, y = FACES[0]
    Image.fromarray(photo[y + 50 : 350, x + 60 : FACES[1][0] + 200]).save(tmp_path / "cut.png")
    found = list(photo_faces(engine, [tmp_path / "cut.png"], tmp_path / "out"))
    assert [one.verdict for one in found] == ["real", "fake"]


def test_faces_that_overlap_are_two(engine: Engine, tmp_path: Path) -> None:
    """The right face hides an edge of the left one."""
    canvas = np.full((320, 560, 3), 90, np.uint8)
    [faces] = load_detector().detect([portrait(0)])
    x, y, width, height = faces.boxes[0].round().astype(int)
    canvas[:SIDE, 20 : 20 + SIDE] = portrait(0, 2)
    shift = 20 + int(0.75 * width)
    rows, columns = slice(y - 10, y + height), slice(x, x + width)
    canvas[rows, x + shift : x + shift + width] = portrait(0, 0)[rows, columns]
    Image.fromarray(canvas).save(tmp_path / "two.png")
    left, right = photo_faces(engine, [tmp_path / "two.png"])
    assert left.box and right.box and left.box[0] + left.box[2] > right.box[0]
    assert (left.verdict, right.verdict) == ("real", "fake")


def test_what_could_not_be_judged_is_listed_after_the_verdicts(engine: Engine, saved: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    empty = picture(tmp_path / "empty.png", BLUE)
    verdicts = detect(engine, [broken, empty, saved], tmp_path / "out")
    assert [next(verdicts).path, next(verdicts).path] == [saved, saved]
    with pytest.raises(DatasetError, match="2 of 3 pictures could not be judged") as caught:
        next(verdicts)
    assert caught.value.exit_code == 2
    assert "cannot read" in caught.value.problems[0] and "broken.jpg" in caught.value.problems[0]
    assert caught.value.problems[1] == f"{empty}: no face found (if it is a face crop already: --crops)"
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["photo.png"]


def test_a_photo_of_too_many_pixels_is_listed(engine: Engine, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200_000)
    with pytest.raises(DatasetError) as caught:
        list(detect(engine, [saved]))
    assert "limit of 200000 pixels" in caught.value.problems[0]


def test_crops_are_judged_whole(engine: Engine, tmp_path: Path) -> None:
    """The middle of an oblong one."""
    paths = [picture(tmp_path / "red.png", RED), picture(tmp_path / "blue.png", BLUE, (300, 200))]
    red, blue = detect_crops(engine, paths)
    assert red[:3] == (paths[0], 1, None) and red[4:] == ("fake", 0.6, "")
    assert red.score > 0.9
    assert red.to_dict()["box"] is None
    assert blue.verdict == "real"
    assert blue.score < 0.1


def test_unreadable_crops_are_listed_after_the_verdicts(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    good = picture(tmp_path / "good.png", RED)
    verdicts = detect_crops(engine, [broken, good])
    assert next(verdicts).path == good
    with pytest.raises(DatasetError, match="1 of 2 pictures could not be judged") as caught:
        next(verdicts)
    assert "broken.jpg" in caught.value.problems[0]


def test_more_crops_than_a_batch_keep_their_order(engine: Engine, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{i:02}.png", RED if i % 3 else BLUE) for i in range(35)]
    found = list(detect_crops(engine, paths))
    assert [one.path for one in found] == paths
    assert [one.verdict for one in found] == ["fake" if i % 3 else "real" for i in range(35)]


def test_folders_are_searched_at_any_depth_for_pictures_only(tmp_path: Path) -> None:
    deep = picture(tmp_path / "photos" / "a" / "b" / "1.JPG", RED)
    top = picture(tmp_path / "photos" / "2.png", RED)
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    assert find_pictures([tmp_path / "photos", deep]) == [top, deep, deep]


def test_photos_and_videos_are_judged_in_their_order(engine: Engine, saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    film(folder / "a.mkv", [people([RED_FACE])] * 12)
    film(folder / "b.mp4", [np.full((64, 64, 3), 90, np.uint8)])
    (folder / "c.mov").write_bytes(b"nonsense")
    saved.rename(folder / "d.png")
    verdicts = detect(engine, [folder], tmp_path / "out")
    video, left, right = (next(verdicts) for _ in range(3))
    assert isinstance(video, VideoVerdict) and (video.path, video.verdict) == (folder / "a.mkv", "fake")
    assert isinstance(left, Verdict) and left.path == folder / "d.png" and left.face == 1
    assert isinstance(right, Verdict) and right.verdict == "fake"
    with pytest.raises(DatasetError, match="2 of 4 files could not be judged") as caught:
        next(verdicts)
    assert "no face found in 0.1 s" in caught.value.problems[0] and "c.mov is not a video" in caught.value.problems[1]
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"a.mp4", "a.timeline.png", "d.png"}


def test_a_video_that_cannot_be_told_is_listed_after_its_verdict(engine: Engine, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", [people([RED_FACE])] * 3)
    verdicts = detect(engine, [path])
    assert isinstance(video := next(verdicts), VideoVerdict) and video.verdict == "abstain"
    with pytest.raises(DatasetError, match="1 of 1 videos could not be judged") as caught:
        next(verdicts)
    assert caught.value.problems == [f"{path}: cannot be told (no face for 1 s)"]


def test_a_video_needs_its_extra_before_anything_is_judged(
    engine: Engine, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved.with_name("z.mp4").write_bytes(b"nonsense")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'edgedf\[camera\]'"):
        next(detect(engine, [saved.parent]))
    assert isinstance(next(detect(engine, [saved])), Verdict)


def test_a_video_is_no_crop(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    with pytest.raises(InputError, match=r"a.mp4 is a video, .* leave --crops out"):
        next(detect_crops(engine, [tmp_path / "a.mp4"]))


@pytest.mark.parametrize("judged", [detect, detect_crops])
def test_nothing_to_judge_is_an_error(
    judged: Callable[[Engine, list[Path]], Iterator[object]], engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(judged(engine, [tmp_path / "nowhere"]))
    with pytest.raises(InputError, match="does not exist") as caught:
        list(judged(engine, [Path("rtsp://user:secret@camera/live")]))
    assert "secret" not in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        list(judged(engine, [tmp_path / "empty"]))


def test_a_face_that_cannot_tell_is_not_judged(engine: Engine, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    """One that is too small is told so beside one that is judged; a photo of such faces alone is listed."""
    canvas = np.full((500, 760, 3), 90, np.uint8)
    canvas[:420] = photo
    small = np.asarray(Image.fromarray(photo).resize((95, 52), Image.Resampling.BOX))
    canvas[440:492, 10:105] = small
    both = tmp_path / "both.png"
    Image.fromarray(canvas).save(both)
    verdicts = [one for one in detect(engine, [both]) if isinstance(one, Verdict)]
    assert {one.reason for one in verdicts} == {"", "too small"}
    assert all((one.verdict == "abstain") == bool(one.reason) for one in verdicts)
    assert any(str(one).endswith("(too small)") for one in verdicts)
    alone = tmp_path / "alone.png"
    Image.fromarray(np.asarray(Image.fromarray(photo).resize((95, 52), Image.Resampling.BOX))).save(alone)
    with pytest.raises(DatasetError, match="1 of 1 pictures") as told:
        list(detect(engine, [alone]))
    assert "no face in it can be judged (too small)" in str(told.value.problems)
