"""`edgedf data prepare` from the command line: mistakes are one line each, and exit with 2."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.data.drawn import draw_dataset
from edgedf.faces.crop import CropRule
from tests.programs.conftest import MakeBundle

fsspec = pytest.importorskip("fsspec")
registry = pytest.importorskip("fsspec.registry")
Arguments = list[str]


def not_a_video(tmp: Path) -> Arguments:
    (tmp / "x.mp4").write_bytes(b"no video at all")
    return [str(tmp / "x.mp4"), "--label", "real"]


def unknown_kind(tmp: Path) -> Arguments:
    (tmp / "x.pdf").write_bytes(b"%PDF")
    return [str(tmp / "x.pdf"), "--label", "real"]


def nowhere(tmp: Path) -> Arguments:
    return [str(tmp / "nowhere")]


def without_faces(tmp: Path) -> Arguments:
    (tmp / "photos").mkdir()
    Image.new("RGB", (320, 240), "tan").save(tmp / "photos" / "x.png")
    return [str(tmp / "photos"), "--label", "real"]


def missing_columns(tmp: Path) -> Arguments:
    (tmp / "x.csv").write_text("file,label\nx.png,real\n")
    return [str(tmp / "x.csv")]


def unwritable(tmp: Path) -> Arguments:
    (tmp / "out").write_text("a file is in the way")
    return [*without_faces(tmp)]


def other_files(tmp: Path) -> Arguments:
    (tmp / "out").mkdir()
    (tmp / "out" / "thesis.txt").write_text("mine")
    return [*without_faces(tmp)]


def not_an_output(tmp: Path) -> Arguments:
    return [*without_faces(tmp), "--boxes-from", str(tmp / "photos")]


def no_package(tmp: Path) -> Arguments:
    return ["absent://bucket/videos"]


def no_protocol(tmp: Path) -> Arguments:
    return ["s4://bucket/videos"]


def nothing_there(tmp: Path) -> Arguments:
    return ["memory://nowhere"]


def remote_without_label(tmp: Path) -> Arguments:
    fsspec.filesystem("memory").pipe_file("/videos/x.mp4", b"film")
    return ["memory://videos"]


def remote_table(tmp: Path) -> Arguments:
    return ["memory://videos/table.csv"]


def no_shard(tmp: Path) -> Arguments:
    (tmp / "x.zip").write_bytes(b"no archive")
    return [str(tmp / "x.zip")]


def through_client(tmp: Path) -> Arguments:
    return [*without_faces(tmp), "--ray", "ray://head:10001"]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (not_a_video, "x.mp4 is not a video that can be read"),
        (unknown_kind, "x.pdf is neither a picture nor a video"),
        (nowhere, "nowhere does not exist"),
        (without_faces, "no face in 1 sources"),
        (missing_columns, "x.csv lacks the column path"),
        (unwritable, "out is a file: name another folder"),
        (other_files, "out holds other files: name a new folder"),
        (not_an_output, "cannot read"),
        (no_package, "absent://bucket/videos cannot be read: install absentfs"),
        (no_protocol, "s4://bucket/videos cannot be read: Protocol not known: s4"),
        (nothing_there, "memory://nowhere does not exist, or holds no file"),
        (remote_without_label, "memory://videos is no dataset, so its label is not known"),
        (remote_table, "memory://videos/table.csv: name its folder"),
        (no_shard, "x.zip: BadZipFile"),
        (through_client, "run this on a machine of the cluster, with --ray auto"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[Path], Arguments], message: str
) -> None:
    absent = {"class": "absentfs.FileSystem", "err": "install absentfs"}
    monkeypatch.setitem(registry.known_implementations, "absent", absent)
    result = CliRunner().invoke(app, ["data", "prepare", *mistake(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of a drawn face."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_dataset(folder, 2)
    [path] = (folder / "real").iterdir()
    return path


def prepare(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["data", "prepare", *map(str, arguments), "--label", "real"])
    return result.exit_code, result.stderr


def test_an_output_of_other_settings_is_one_line(tmp_path: Path, photo: Path) -> None:
    out = tmp_path / "out"
    assert prepare(photo, "--out", out) == (0, "")
    code, line = prepare(photo, "--out", out, "--margin", "1.2")
    assert (code, len(line.splitlines())) == (2, 1)
    assert "was prepared with other settings (rule): name another folder" in line


def test_like_takes_the_rule_of_a_bundle_and_no_other(tmp_path: Path, photo: Path, make_bundle: MakeBundle) -> None:
    like = ("--like", make_bundle("red"))
    assert prepare(photo, "--out", tmp_path / "like", *like) == (0, "")
    settings = json.loads((tmp_path / "like" / "prepare.json").read_text())
    assert settings["rule"] == CropRule().to_dict()
    code, line = prepare(photo, "--out", tmp_path / "both", *like, "--margin", "1.0")
    assert code == 2
    assert "--like names detector, margin and shift" in line
