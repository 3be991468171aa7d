"""What faces are cut from, and the labels, splits and groups of it."""

import json
from pathlib import Path

import pytest

from edgedf.data.prepare.sources import Source, find_sources
from edgedf.errors import DatasetError, InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def found(*paths: Path, label: str | None = None, grouping: str | None = None) -> dict[str, Source]:
    return {one.place: one for one in find_sources(paths, label, grouping, lambda line: None)}


def test_a_folder_of_photos_and_videos_takes_the_label_it_is_given(tmp_path: Path) -> None:
    touch(tmp_path / "mine", "a.mp4", "b/c.jpg", "notes.txt")
    sources = found(tmp_path / "mine", label="real")
    assert list(sources) == ["mine/a", "mine/b/c"]
    assert [one.cells["label"] for one in sources.values()] == ["real", "real"]
    assert [one.cells["group"] for one in sources.values()] == ["mine/a", "mine/b/c"]
    assert [one.cells["video"] for one in sources.values()] == ["a", ""]


def test_without_a_label_it_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    with pytest.raises(InputError, match="say --label real or --label fake"):
        found(tmp_path / "a.mp4")


def test_files_of_one_name_are_filed_apart(tmp_path: Path) -> None:
    touch(tmp_path / "mine", "a.mp4", "a.jpg")
    assert list(found(tmp_path / "mine", label="real")) == ["mine/a.jpg", "mine/a.mp4"]


def test_published_trees_may_hold_videos(tmp_path: Path) -> None:
    """Label, group, method and original are read as they are for faces that are cut out already."""
    clips = ("original_sequences/youtube/c23/videos/000.mp4", "manipulated_sequences/Deepfakes/c23/videos/000_003.mp4")
    touch(tmp_path / "ff", *clips, "manipulated_sequences/Deepfakes/masks/videos/000_003.mp4")
    real, fake = found(tmp_path / "ff").values()
    assert (real.cells["label"], real.cells["video"], fake.cells["label"]) == ("real", "000", "fake")
    assert (fake.cells["original"], fake.cells["method"]) == ("000", "Deepfakes")
    assert (fake.cells["group"], fake.cells["split"]) == (real.cells["group"], real.cells["split"])
    assert fake.place == "ff/manipulated_sequences/Deepfakes/c23/videos/000_003"

    touch(tmp_path / "dfdc", "x.mp4", "y.mp4")
    entries = {"x.mp4": {"label": "REAL"}, "y.mp4": {"label": "FAKE", "original": "x.mp4"}}
    (tmp_path / "dfdc" / "metadata.json").write_text(json.dumps(entries))
    assert found(tmp_path / "dfdc")["dfdc/y"].cells["original"] == "x"

    touch(tmp_path / "celeb", "Celeb-real/id1_0002.mp4", "Celeb-synthesis/id1_id0_0002.mp4")
    assert {one.cells["group"] for one in found(tmp_path / "celeb").values()} == {"id1_0002"}


def test_groups_by_a_regular_expression(tmp_path: Path) -> None:
    """A split is dealt to whole groups."""
    touch(tmp_path / "mine", *(f"person{i % 5}-{i}.jpg" for i in range(20)))
    sources = found(tmp_path / "mine", label="real", grouping=r"(person\d)-").values()
    assert {one.cells["group"] for one in sources} == {f"person{i}" for i in range(5)}
    assert len({(one.cells["group"], one.cells["split"]) for one in sources}) == 5


def test_groups_by_a_table(tmp_path: Path) -> None:
    touch(tmp_path / "mine", "a.jpg", "b/c.jpg")
    table = tmp_path / "groups.csv"
    table.write_text("path,group\na.jpg,anna\nb/c.jpg,carl\n")
    sources = found(tmp_path / "mine", label="real", grouping=str(table))
    assert {place: one.cells["group"] for place, one in sources.items()} == {"mine/a": "anna", "mine/b/c": "carl"}


@pytest.mark.parametrize(
    ("grouping", "message"),
    [
        ("(", "no regular expression"),
        (r"(person)", "tells no group for 1 sources"),
        ("t.csv", "lacks the column group"),
    ],
)
def test_a_grouping_that_says_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grouping: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "a.jpg")
    Path("t.csv").write_text("path,person\na.jpg,anna\n")
    with pytest.raises(InputError, match=message):
        found(Path("a.jpg"), label="real", grouping=grouping)


def test_a_group_in_two_splits_is_found_before_the_work(tmp_path: Path) -> None:
    for name, split in (("one", "train"), ("two", "val")):
        touch(tmp_path / name, "a.jpg")
        (tmp_path / name / "labels.csv").write_text(f"path,label,split,group\na.jpg,real,{split},anna\n")
    with pytest.raises(DatasetError, match="1 sources have a group that is in two splits"):
        found(tmp_path / "one", tmp_path / "two")
