"""Sources behind URLs and in shards: the same as those of the same files in a folder."""

import shutil
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edgedf.data.prepare import remote
from edgedf.data.prepare.flow import prepare
from edgedf.data.prepare.settings import Settings
from edgedf.data.prepare.sources import Source
from edgedf.data.prepare.stand_ins import find_anywhere
from edgedf.data.prepare.workers import cut_all
from edgedf.errors import InputError
from tests.unit.data.prepare.conftest import Film, Photo, written

fsspec = pytest.importorskip("fsspec")
alone = partial(cut_all, processes=1)
SETTINGS = Settings(every=6)


@pytest.fixture
def memory() -> Iterator[str]:
    """URL of an empty file system in memory."""
    yield "memory://"
    fsspec.filesystem("memory").rm("/", recursive=True)


@pytest.fixture
def tree(film: Film, photo: Photo, tmp_path: Path) -> Path:
    """A dataset of videos and a photo in class folders."""
    for i, label in enumerate(("real", "fake")):
        film(tmp_path / "disk" / "clips" / label / "0.mp4", face=i)
    photo(tmp_path / "disk" / "clips" / "real" / "sub" / "1.png", 2)
    return tmp_path / "disk" / "clips"


def upload(tree: Path, url: str) -> None:
    for path in tree.rglob("*"):
        if path.is_file():
            fsspec.filesystem("memory").pipe_file(f"{url}/{path.relative_to(tree).as_posix()}", path.read_bytes())


def shard(tree: Path, kind: str, folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder / tree.name), kind, tree))


def found(*paths: str | Path, label: str | None = None) -> dict[str, Source]:
    return {one.place: one for one in find_anywhere(paths, label, None, lambda line: None)}


@pytest.mark.parametrize("place", ["memory", "zip", "tar", "zip in memory", "folder of shards", "folder in a tar"])
def test_they_give_the_rows_and_pixels_of_the_disk(tree: Path, memory: str, tmp_path: Path, place: str) -> None:
    prepare([tree], tmp_path / "expected", SETTINGS, work=alone)
    source: str | Path = "memory://clips"
    if place == "memory":
        upload(tree, "memory://clips")
    elif place == "zip in memory":
        upload(shard(tree, "zip", tmp_path / "shards").parent, "memory://shards")
        source = "zip://::memory://shards/clips.zip"
    elif place == "folder of shards":
        for label in ("real", "fake"):
            shard(tree / label, "tar", tmp_path / "shards")
        upload(tmp_path / "shards", "memory://clips")
    elif place == "folder in a tar":
        made = shutil.make_archive(str(tmp_path / "all"), "tar", tree.parent, tree.name)
        source = f"tar://clips::file://{Path(made).as_posix()}"
    else:
        source = shard(tree, place, tmp_path)
    prepare([source], tmp_path / "out", SETTINGS, work=alone)
    assert written(tmp_path / "out") == written(tmp_path / "expected")


def test_a_dataset_keeps_what_its_table_says(tree: Path, memory: str) -> None:
    (tree / "labels.csv").write_text("path,label,split,group,person\nreal/0.mp4,real,val,anna,Anna\n")
    upload(tree, "memory://clips")
    [source] = found("memory://clips").values()
    assert source.cells == {"label": "real", "split": "val", "group": "anna", "person": "Anna", "video": "0"}
    assert source.address == "memory://clips/real/0.mp4"


def test_what_changed_is_known(memory: str, tmp_path: Path) -> None:
    """In a shard by the shard too, as a tar tells little of what is in it."""
    system = fsspec.filesystem("memory")
    system.pipe_file("/x.mp4", b"film")
    before = found("memory://x.mp4", label="real")["x"]
    assert found("memory://x.mp4", label="real")["x"].state == before.state
    system.pipe_file("/x.mp4", b"mended film")
    assert found("memory://x.mp4", label="real")["x"].state != before.state

    states = set()
    for content in (b"one", b"two"):
        (tmp_path / "in" / "x.mp4").parent.mkdir(exist_ok=True)
        (tmp_path / "in" / "x.mp4").write_bytes(content)
        states |= {one.state for one in found(shard(tmp_path / "in", "tar", tmp_path), label="real").values()}
    assert len(states) == 2


def test_what_could_not_be_fetched_is_listed_and_tried_again(
    tree: Path, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(tree, "memory://clips")
    prepare(["memory://clips"], tmp_path / "expected", SETTINGS, work=alone)

    def fail(url: str, path: Path) -> None:
        if "fake" in url:
            raise ConnectionResetError("reset by peer")
        fetch(url, path)

    fetch = remote.fetch
    with monkeypatch.context() as broken:
        broken.setattr(remote, "fetch", fail)
        assert prepare(["memory://clips"], tmp_path / "out", SETTINGS, work=alone)["failures"] == 1
    listed = (tmp_path / "out" / "failed.csv").read_text()
    assert "memory://clips/fake/0.mp4,cannot be fetched: ConnectionResetError: reset by peer" in listed
    assert prepare(["memory://clips"], tmp_path / "out", SETTINGS, work=alone)["failures"] == 0
    assert written(tmp_path / "out") == written(tmp_path / "expected")


def test_a_problem_names_the_url_and_no_copy_is_left(
    photo: Photo, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    photo(tmp_path / "temporary" / "x.png", 0).rename(tmp_path / "x.png")
    system = fsspec.filesystem("memory")
    system.pipe_file("/mine/good.png", (tmp_path / "x.png").read_bytes())
    system.pipe_file("/mine/bad.mp4", b"no video at all")
    prepare(["memory://mine"], tmp_path / "out", SETTINGS, label="real", work=alone)
    listed = (tmp_path / "out" / "failed.csv").read_text()
    assert "memory://mine/bad.mp4,memory://mine/bad.mp4 is not a video that can be read" in listed
    assert not list((tmp_path / "temporary").iterdir())


def test_a_file_that_leaves_its_shard_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("../../evil.mp4", b"film")
    with pytest.raises(InputError, match="leaves its folder"):
        found(tmp_path / "x.zip", label="real")
    assert not list(tmp_path.rglob("evil.mp4"))
