"""`edgedf data audit`: finds what was planted, and leaves an honest dataset alone."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.data.dataset import LABELS, Dataset, read_table, write_dataset
from edgedf.data.splits import split_by_group

MakeBundle = Callable[..., Path]
Columns = dict[str, list[str]]

IMAGES = 60


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn patches of colour, four a person, labelled by lot: nothing tells a real one."""
    root, random = tmp_path_factory.mktemp("honest"), np.random.default_rng(0)
    groups = [f"person{i // 4}" for i in range(IMAGES)]
    labels = (random.permutation(IMAGES) % 2).astype(np.uint8)
    for i in range(IMAGES):
        patches = Image.fromarray(random.integers(0, 256, (9, 9, 3), dtype=np.uint8))
        grain = random.normal(0, 6, (256, 256, 3))
        pixels = np.asarray(patches.resize((256, 256), Image.Resampling.BICUBIC)) + grain
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(root / f"{i}.jpg", quality=75 + i % 3 * 5)
    columns = {
        "path": [f"{i}.jpg" for i in range(IMAGES)],
        "label": [LABELS[label] for label in labels],
        "split": split_by_group(groups, labels, (0.6, 0.2, 0.2)),
        "group": groups,
    }
    write_dataset(root, columns)
    return root


@pytest.fixture
def faces(honest: Path, tmp_path: Path) -> Path:
    """A copy of them to spoil."""
    return Path(shutil.copytree(honest, tmp_path / "faces"))


def columns_of(root: Path) -> Columns:
    return read_table(root / "labels.csv", ["path"])[0]


def row_in(root: Path, split: str, label: str = "real") -> int:
    """First row of a split and label."""
    columns = columns_of(root)
    return list(zip(columns["split"], columns["label"], strict=True)).index((split, label))


def audit(root: Path, *options: object, code: int) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["data", "audit", str(root), "--json", *map(str, options)])
    assert result.exit_code == code, result.output
    [line] = result.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {one["title"]: one["state"] for one in found["findings"]}


def test_an_honest_dataset_passes(honest: Path, tmp_path: Path) -> None:
    found = audit(honest, "--html", tmp_path / "page.html", code=0)
    assert not found["leak"]
    assert found["images"] == IMAGES
    assert found["copies_across_splits"] == [] and found["groups_in_two_splits"] == {} and found["unreadable"] == []
    assert set(found["cues"]) >= {"jpeg", "file size", "sharpness", "all together"}
    assert all(cue["low"] <= 0.9 for cue in found["cues"].values())
    assert "must not be published" in (tmp_path / "page.html").read_text()


def resaved(picture: Image.Image, path: Path) -> None:
    picture.save(path, quality=40)


def shifted(picture: Image.Image, path: Path) -> None:
    Image.fromarray(np.roll(np.asarray(picture), 1, axis=1)).save(path, quality=90)


def enlarged(picture: Image.Image, path: Path) -> None:
    picture.resize((400, 400)).save(path, quality=80)


@pytest.mark.parametrize("spoil", [None, resaved, shifted, enlarged])
def test_a_copy_in_another_split_is_found(
    faces: Path, spoil: Callable[[Image.Image, Path], None] | None, tmp_path: Path
) -> None:
    """To the byte, compressed anew, a pixel to the right, or larger; and it is shown."""
    paths = columns_of(faces)["path"]
    source, target = (paths[row_in(faces, split)] for split in ("train", "test"))
    if spoil:
        with Image.open(faces / source) as picture:
            spoil(picture, faces / target)
    else:
        shutil.copy(faces / source, faces / target)
    found = audit(faces, "--html", tmp_path / "page.html", code=1)
    [copy] = found["copies_across_splits"]
    assert sorted(copy["paths"]) == sorted([source, target])
    assert copy["same_pixels"] == (spoil is None)
    assert states(found)["Copies"] == "leak"
    page = (tmp_path / "page.html").read_text()
    assert target in page and page.count("data:image/jpeg;base64,") >= 2


def test_a_group_in_two_splits_is_found(faces: Path) -> None:
    columns = columns_of(faces)
    one, other = row_in(faces, "train"), row_in(faces, "val")
    columns["group"][other] = columns["group"][one]
    write_dataset(faces, columns)
    found = audit(faces, code=1)
    homes = found["groups_in_two_splits"][columns["group"][one]]
    assert set(homes) == {"train", "val"} and homes["val"] == 1
    assert states(found)["Groups in two splits"] == "leak"


def test_another_jpeg_quality_for_reals_is_found(faces: Path) -> None:
    """A detector would learn the encoder, so the cue is named and the set unusable."""
    dataset = Dataset(faces, columns_of(faces))
    for path, label in zip(dataset.paths, dataset.columns["label"], strict=True):
        with Image.open(path) as picture:
            picture.load()
        picture.save(path, quality=95 if label == "real" else 75)
    found = audit(faces, code=1)
    assert found["cues"]["jpeg"]["verdict"] == "unusable"
    assert found["cues"]["jpeg"]["low"] > 0.9
    assert found["cues"]["colour"]["verdict"] != "unusable"
    [cues] = [one for one in found["findings"] if one["title"] == "Shortcuts"]
    assert cues["state"] == "leak" and "unusable: jpeg" in cues["summary"]


def test_what_cannot_be_read_is_listed_and_the_rest_audited(faces: Path) -> None:
    paths = columns_of(faces)["path"]
    (faces / paths[3]).write_bytes(b"no picture")
    (faces / paths[5]).unlink()
    found = audit(faces, code=0)
    assert found["images"] == IMAGES - 2
    assert [paths[3] in found["unreadable"][1], paths[5] in found["unreadable"][0]] == [True, True]
    assert states(found)["Unusable rows"] == "look"


def test_a_dataset_of_one_class_is_not_probed(faces: Path) -> None:
    dataset = Dataset(faces, columns_of(faces))
    write_dataset(faces, dataset.select(dataset.labels == 0).columns)
    found = audit(faces, code=0)
    assert found["cues"] == {}
    assert states(found)["Shortcuts"] == "look"


def test_copies_in_class_folders_are_found(honest: Path, tmp_path: Path) -> None:
    """Other commands refuse such a dataset as broken; the audit must still see it."""
    columns = columns_of(honest)
    for i, split in enumerate(["train"] * 12 + ["test"] * 12):
        target = tmp_path / "tree" / split / columns["label"][i] / f"{i}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(honest / columns["path"][i], target)
    shutil.copy(target, tmp_path / "tree" / "train" / columns["label"][23] / "copy.jpg")
    found = audit(tmp_path / "tree", code=1)
    [copy] = found["copies_across_splits"]
    assert copy["same_pixels"] and any(path.endswith("copy.jpg") for path in copy["paths"])


def test_a_bundle_finds_look_alikes_and_calls_them_no_identity_check(
    honest: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    found = audit(honest, "--model", make_bundle("red"), "--html", tmp_path / "page.html", code=0)
    assert states(found)["Look-alikes in two splits"] == "look"
    assert "no identity check" in (tmp_path / "page.html").read_text()


def write_embedder(path: Path, size: int | str = 64) -> Path:
    """A model for faces (1, 3, 64, 64) whose vector is the picture in 8 x 8 patches."""
    nodes = [
        helper.make_node("AveragePool", ["faces"], ["patches"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["patches"], ["vectors"]),
    ]
    faces = helper.make_tensor_value_info("faces", TensorProto.FLOAT, [1, 3, size, size])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, None])
    graph = helper.make_graph(nodes, "patches", [faces], [vectors])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def draw_patterns(root: Path, copied: bool) -> None:
    """Forty people, two pictures of each; one person is in train and in val if `copied`."""
    random = np.random.default_rng(0)
    people = random.integers(0, 256, (40, 8, 8, 3))
    if copied:
        people[39] = people[0]
    for i in range(80):
        patches = np.clip(people[i // 2] + random.normal(0, 30, (8, 8, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(patches.repeat(32, 0).repeat(32, 1)).save(root / f"{i}.png")
    write_dataset(
        root,
        {
            "path": [f"{i}.png" for i in range(80)],
            "label": ["real"] * 80,
            "split": ["train"] * 60 + ["val"] * 20,
            "group": [f"video{i // 2}" for i in range(80)],
        },
    )


@pytest.mark.parametrize("copied", [True, False])
def test_a_person_in_two_splits_is_found_with_an_embedder(tmp_path: Path, copied: bool) -> None:
    """Under two names, so that the groups do not tell; without one, nobody is accused."""
    draw_patterns(tmp_path, copied)
    found = audit(tmp_path, "--embedder", write_embedder(tmp_path / "faces.onnx"), code=int(copied))
    assert states(found)["People in two splits"] == ("leak" if copied else "fine")
    if copied:
        assert found["people"][0]["groups"] == ["video0", "video39"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("none.onnx", "there is no embedder"),
        ("broken.onnx", "not an ONNX model"),
        ("free.onnx", "of a fixed size"),
    ],
)
def test_an_unusable_embedder_is_refused(honest: Path, tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    write_embedder(tmp_path / "free.onnx", size="side")
    result = CliRunner().invoke(app, ["data", "audit", str(honest), "--embedder", str(tmp_path / name)])
    assert result.exit_code == 2
    assert problem in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--embedder", "a.onnx", "--model", "b.edgedf"], "--embedder"),
        (["--html", "."], "is a folder"),
        (["--html", "labels.csv/page.html"], "is a file"),
    ],
)
def test_wrong_use_is_refused_before_the_work(
    honest: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], problem: str
) -> None:
    monkeypatch.chdir(honest)
    result = CliRunner().invoke(app, ["data", "audit", ".", *options])
    assert result.exit_code == 2
    assert problem in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.real_data
def test_the_research_faces_are_called_what_they_are(real_data: Path, tmp_path: Path) -> None:
    """No copies, no group in two splits; cheap cues tell a little: a tenth of dfdc by its groups, in its time."""
    dataset = Dataset(real_data / "dfdc", columns_of(real_data / "dfdc"))
    groups = np.array(dataset.groups)
    drawn = np.random.default_rng(0).permutation(np.unique(groups))[: len(set(dataset.groups)) // 10]
    part = dataset.select(np.isin(groups, drawn)).columns
    part["path"] = [str(real_data / "dfdc" / path) for path in part["path"]]
    write_dataset(tmp_path, part)
    start = time.process_time()
    found = audit(tmp_path, code=0)
    each = (time.process_time() - start) / found["images"]
    assert each < 2 * 600 / 100_000  # 100,000 in ten minutes on two cores
    assert found["cues"]["all together"]["verdict"] != "unusable"
    assert 0.5 < found["cues"]["all together"]["auc"] < 0.75
