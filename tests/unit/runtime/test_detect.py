"""Verdicts for files: every picture once, in order; what cannot be read is listed at the end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from edgedf.errors import DatasetError, InputError
from edgedf.runtime import Engine
from edgedf.runtime.detect import detect, find_pictures

RED, BLUE = (250, 0, 10), (10, 0, 250)  # the colour model calls red fake


@pytest.fixture
def engine(make_bundle: Callable[..., Path]) -> Iterator[Engine]:
    with Engine.load(make_bundle(), threads=1) as engine:
        yield engine


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (64, 64)) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_a_verdict_follows_from_score_and_threshold(engine: Engine, tmp_path: Path) -> None:
    paths = [picture(tmp_path / "red.png", RED), picture(tmp_path / "blue.png", BLUE, (300, 200))]
    red, blue = detect(engine, paths)
    assert (red["path"], red["verdict"], red["threshold"]) == (str(paths[0]), "fake", 0.6)
    assert red["score"] > 0.9
    assert blue["verdict"] == "real"
    assert blue["score"] < 0.1


def test_folders_are_searched_at_any_depth_for_pictures_only(tmp_path: Path) -> None:
    deep = picture(tmp_path / "photos" / "a" / "b" / "1.JPG", RED)
    top = picture(tmp_path / "photos" / "2.png", RED)
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    assert find_pictures([tmp_path / "photos", deep]) == [top, deep, deep]


def test_unreadable_pictures_are_listed_after_the_verdicts(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    good = picture(tmp_path / "good.png", RED)
    verdicts = detect(engine, [broken, good])
    assert next(verdicts)["path"] == str(good)
    with pytest.raises(DatasetError, match="1 of 2 pictures could not be read") as caught:
        next(verdicts)
    assert "broken.jpg" in caught.value.problems[0]
    assert caught.value.exit_code == 2


def test_more_pictures_than_a_batch_keep_their_order(engine: Engine, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{i:02}.png", RED if i % 3 else BLUE) for i in range(35)]
    found = list(detect(engine, paths))
    assert [one["path"] for one in found] == [str(path) for path in paths]
    assert [one["verdict"] for one in found] == ["fake" if i % 3 else "real" for i in range(35)]


def test_nothing_to_judge_is_an_error(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(detect(engine, [tmp_path / "nowhere"]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        list(detect(engine, [tmp_path / "empty"]))
