"""Every reader on a small tree of its layout."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgedf.data.dataset import Dataset
from edgedf.data.readers import from_csv, open_dataset
from edgedf.errors import DatasetError, InputError

Picture = Callable[[Path], Path]


def column(dataset: Dataset, name: str) -> dict[str, str]:
    """A column by path."""
    return dict(zip(dataset.columns["path"], dataset.columns[name], strict=True))


def test_labels_csv_is_preferred(root: Path, picture: Picture) -> None:
    """A dataset's own table counts, whatever folders lie beside it."""
    picture(root / "real" / "x.png")
    assert len(open_dataset(root)) == 6


def test_class_folders(tmp_path: Path, picture: Picture) -> None:
    """`real/` and `fake/`: pictures of one name or folder are a group, and get one split."""
    for i in range(20):
        picture(tmp_path / "real" / f"{i}.png")
        picture(tmp_path / "fake" / f"{i}" / "first.png")
        picture(tmp_path / "fake" / f"{i}" / "second.png")
    dataset = open_dataset(tmp_path)
    assert dataset.labels.sum() == 40
    assert column(dataset, "group")["fake/7/second.png"] == column(dataset, "group")["real/7.png"] == "7"
    assert set(dataset.splits) == {"train", "val", "test"}


def test_class_folders_in_split_folders(tmp_path: Path, picture: Picture) -> None:
    """`train/real/` and so on: the folders give the splits, and names may start again in each."""
    for place in ("train/real", "train/fake", "val/real", "val/fake"):
        picture(tmp_path / place / "0.png")
    dataset = open_dataset(tmp_path)
    assert column(dataset, "split")["val/fake/0.png"] == "val"
    assert column(dataset, "label")["val/fake/0.png"] == "fake"
    assert column(dataset, "group")["val/fake/0.png"] == column(dataset, "group")["val/real/0.png"]


def test_files_that_are_no_pictures_are_told(
    tmp_path: Path, picture: Picture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is left out in silence."""
    picture(tmp_path / "real" / "0.png")
    picture(tmp_path / "fake" / "0.png")
    (tmp_path / "fake" / "clip.mp4").write_bytes(b"film")
    assert len(open_dataset(tmp_path)) == 2
    assert "1 files are not pictures and are left out, such as clip.mp4" in capsys.readouterr().out


@pytest.fixture
def dfdc(tmp_path: Path, picture: Picture) -> Path:
    """Two parts of DFDC with an original and a fake each."""
    for part, (original, fake) in {"part_0": ("aaa", "bbb"), "part_1": ("ccc", "ddd")}.items():
        picture(tmp_path / part / f"{original}.png")
        picture(tmp_path / part / fake / "0.png")
        picture(tmp_path / part / f"{fake}_12.png")
        entries = {
            f"{original}.mp4": {"label": "REAL", "split": "train"},
            f"{fake}.mp4": {"label": "FAKE", "split": "train", "original": f"{original}.mp4"},
        }
        (tmp_path / part / "metadata.json").write_text(json.dumps(entries))
    return tmp_path


def test_dfdc(dfdc: Path) -> None:
    """Crops in a video's folder or named after it; the group is the original."""
    dataset = open_dataset(dfdc)
    assert column(dataset, "label") == {
        "part_0/aaa.png": "real",
        "part_0/bbb/0.png": "fake",
        "part_0/bbb_12.png": "fake",
        "part_1/ccc.png": "real",
        "part_1/ddd/0.png": "fake",
        "part_1/ddd_12.png": "fake",
    }
    assert column(dataset, "group")["part_1/ddd/0.png"] == "ccc"
    assert column(dataset, "original")["part_1/ddd/0.png"] == "ccc"
    assert column(dataset, "video")["part_1/ddd_12.png"] == "ddd"


def test_dfdc_splits_of_the_metadata_count(dfdc: Path) -> None:
    """More than one split in the metadata is a split; one alone is not."""
    file = dfdc / "part_1" / "metadata.json"
    file.write_text(file.read_text().replace('"train"', '"validation"'))
    splits = column(open_dataset(dfdc), "split")
    assert (splits["part_0/aaa.png"], splits["part_1/ccc.png"]) == ("train", "val")


def test_dfdc_stray_crop_is_listed(dfdc: Path, picture: Picture) -> None:
    """A crop of no listed video stops the reading, or is skipped and named."""
    picture(dfdc / "part_0" / "zzz.png")
    with pytest.raises(DatasetError) as error:
        open_dataset(dfdc)
    assert error.value.problems == ["part_0/zzz.png: not of a video in metadata.json"]
    said: list[str] = []
    assert len(open_dataset(dfdc, skip_broken=True, log=said.append)) == 6
    assert said == ["skipped part_0/zzz.png: not of a video in metadata.json"]


def test_dfdc_unknown_label_is_listed(dfdc: Path) -> None:
    """A label that is neither REAL nor FAKE is not guessed."""
    file = dfdc / "part_0" / "metadata.json"
    file.write_text(file.read_text().replace("REAL", "MAYBE"))
    with pytest.raises(DatasetError) as error:
        open_dataset(dfdc)
    assert "part_0/aaa.png: unknown label 'maybe'" in error.value.problems[0]


@pytest.mark.parametrize("text", ["{", "[1]", '{"a.mp4": 1}', '{"a.mp4": ' + "[" * 2000])
def test_dfdc_unusable_metadata_is_refused(dfdc: Path, text: str) -> None:
    """A metadata file of another form is one error."""
    (dfdc / "part_0" / "metadata.json").write_text(text)
    with pytest.raises(DatasetError, match="not DFDC metadata"):
        open_dataset(dfdc)


@pytest.mark.parametrize("value", ["[]", "{}", "1", "[[1]]"])
def test_dfdc_cells_of_another_type_are_no_text(dfdc: Path, value: str) -> None:
    """Whatever stands for an original or label, the row is read or listed."""
    entry = json.loads((dfdc / "part_0" / "metadata.json").read_text())
    entry[next(iter(entry))] |= {"label": json.loads(value), "original": json.loads(value)}
    (dfdc / "part_0" / "metadata.json").write_text(json.dumps(entry))
    with pytest.raises(DatasetError, match="broken rows"):
        open_dataset(dfdc)


@pytest.fixture
def faceforensics(tmp_path: Path, picture: Picture) -> Path:
    """Two pairs of people and one actor, with frames in folders and beside each other."""
    real, fake = tmp_path / "original_sequences", tmp_path / "manipulated_sequences"
    for name in ("000", "003", "010", "013"):
        picture(real / "youtube" / "c23" / "faces" / name / "0001.png")
    for name in ("000_003", "003_000"):
        picture(fake / "Deepfakes" / "c23" / "faces" / name / "0001.png")
    picture(fake / "Face2Face" / "c23" / "faces" / "010_013_0020.png")
    picture(real / "actors" / "c23" / "faces" / "01__walking" / "0001.png")
    return tmp_path


def test_faceforensics(faceforensics: Path) -> None:
    """The group is the pair of people, the method its folder."""
    dataset = open_dataset(faceforensics)
    deepfakes = "manipulated_sequences/Deepfakes/c23/faces/000_003/0001.png"
    face2face = "manipulated_sequences/Face2Face/c23/faces/010_013_0020.png"
    youtube = "original_sequences/youtube/c23/faces"
    groups = column(dataset, "group")
    assert groups[deepfakes] == groups[f"{youtube}/000/0001.png"] == groups[f"{youtube}/003/0001.png"]
    assert groups[face2face] == groups[f"{youtube}/013/0001.png"] != groups[deepfakes]
    assert groups["original_sequences/actors/c23/faces/01__walking/0001.png"] == "actor01"
    assert column(dataset, "method")[deepfakes] == "Deepfakes"
    assert column(dataset, "method")[f"{youtube}/000/0001.png"] == ""
    assert column(dataset, "label")[face2face] == "fake"


def test_a_published_fake_knows_its_original(faceforensics: Path) -> None:
    """The same frame of the video that it was made on; none where that frame is not there."""
    dataset = open_dataset(faceforensics)
    paths = dataset.columns["path"]
    originals = dict(zip(paths, [paths[i] for i in dataset.originals], strict=True))
    youtube, forged = "original_sequences/youtube/c23/faces", "manipulated_sequences"
    assert originals[f"{forged}/Deepfakes/c23/faces/000_003/0001.png"] == f"{youtube}/000/0001.png"
    assert originals[f"{forged}/Deepfakes/c23/faces/003_000/0001.png"] == f"{youtube}/003/0001.png"
    alone = f"{forged}/Face2Face/c23/faces/010_013_0020.png"
    assert originals[alone] == alone


def test_faceforensics_official_splits_count(faceforensics: Path) -> None:
    """The lists of pairs in `splits/` decide."""
    (faceforensics / "splits").mkdir()
    (faceforensics / "splits" / "train.json").write_text('[["010", "013"]]')
    (faceforensics / "splits" / "test.json").write_text('[["000", "003"]]')
    splits = column(open_dataset(faceforensics), "split")
    assert splits["original_sequences/youtube/c23/faces/003/0001.png"] == "test"
    assert splits["original_sequences/youtube/c23/faces/013/0001.png"] == "train"


def test_faceforensics_unusable_splits_are_refused(faceforensics: Path) -> None:
    """Also when they are nested more deeply than Python reads."""
    (faceforensics / "splits").mkdir(exist_ok=True)
    (faceforensics / "splits" / "train.json").write_text("[" * 2000)
    with pytest.raises(DatasetError, match="not a list of pairs"):
        open_dataset(faceforensics)


def test_faceforensics_nameless_crop_is_listed(faceforensics: Path, picture: Picture) -> None:
    """A crop that tells no video has no group."""
    picture(faceforensics / "manipulated_sequences" / "Deepfakes" / "x.png")
    with pytest.raises(DatasetError) as error:
        open_dataset(faceforensics)
    assert error.value.problems == ["manipulated_sequences/Deepfakes/x.png: its name tells no video"]


@pytest.fixture
def celeb_df(tmp_path: Path, picture: Picture) -> Path:
    """Videos of two people, one from elsewhere, and a list of two test videos."""
    for name in (
        "Celeb-real/id0_0000/1.png",
        "Celeb-real/id0_0001_7.png",
        "Celeb-synthesis/id0_id1_0000/1.png",
        "Celeb-synthesis/id0_id1_0001/1.png",
        "Celeb-synthesis/id0_id2_0001/1.png",
        "YouTube-real/00170/1.png",
    ):
        picture(tmp_path / name)
    tests = "1 YouTube-real/00170.mp4\n0 Celeb-synthesis/id0_id1_0001.mp4\n"
    (tmp_path / "List_of_testing_videos.txt").write_text(tests)
    return tmp_path


def test_celeb_df(celeb_df: Path) -> None:
    """The list is the test split; what shares a video with it is left out, with a word."""
    said: list[str] = []
    dataset = open_dataset(celeb_df, log=said.append)
    assert column(dataset, "group") == {
        "Celeb-real/id0_0000/1.png": "id0_0000",
        "YouTube-real/00170/1.png": "00170",
        "Celeb-synthesis/id0_id1_0000/1.png": "id0_0000",
        "Celeb-synthesis/id0_id1_0001/1.png": "id0_0001",
    }
    assert column(dataset, "original")["Celeb-synthesis/id0_id1_0000/1.png"] == "id0_0000"
    assert dataset.columns["path"][dataset.originals[dataset.labels == 1][0]] == "Celeb-real/id0_0000/1.png"
    splits = column(dataset, "split")
    assert splits["YouTube-real/00170/1.png"] == splits["Celeb-synthesis/id0_id1_0001/1.png"] == "test"
    assert "test" not in (splits["Celeb-real/id0_0000/1.png"], splits["Celeb-synthesis/id0_id1_0000/1.png"])
    assert ["2 pictures share a video" in line for line in said] == [True]


def test_celeb_df_unusable_list_is_refused(celeb_df: Path) -> None:
    (celeb_df / "List_of_testing_videos.txt").write_bytes(b"1 Celeb-real/\xff.mp4")
    with pytest.raises(DatasetError, match="not a list of videos"):
        open_dataset(celeb_df)


def test_celeb_df_without_a_list(celeb_df: Path) -> None:
    """Without the list all pictures stay and are split by group."""
    (celeb_df / "List_of_testing_videos.txt").unlink()
    assert len(open_dataset(celeb_df)) == 6


def test_any_csv(tmp_path: Path, picture: Picture) -> None:
    """Columns by name, labels in any case or as numbers; other columns stay."""
    for i in range(40):
        picture(tmp_path / "crops" / f"{i}.png")
    lines = [f"crops/{i}.png,{('0', 'Fake')[i % 2]},p{i // 2},{i}" for i in range(40)]
    (tmp_path / "list.csv").write_text("\n".join(["file,is_fake,person,frame", *lines]))
    dataset = from_csv(tmp_path / "list.csv", path="file", label="is_fake", group="person")
    assert dataset.labels.tolist() == [0, 1] * 20
    assert dataset.groups[:3] == ["p0", "p0", "p1"]
    assert dataset.columns["frame"][5] == "5"
    assert set(dataset.splits) == {"train", "val", "test"}


def test_csv_file_can_be_opened(tmp_path: Path, picture: Picture) -> None:
    """A CSV file with the usual names is a dataset; each picture is a group of its own."""
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.png")
    (tmp_path / "list.csv").write_text("path,label,split\na.png,1,train\nb.png,0,val\n")
    dataset = open_dataset(tmp_path / "list.csv")
    assert (dataset.labels.tolist(), dataset.splits, dataset.groups) == (
        [1, 0],
        ["train", "val"],
        ["a.png", "b.png"],
    )


def test_unknown_label_in_a_csv_is_listed(tmp_path: Path, picture: Picture) -> None:
    """A label that is no label is listed by its row."""
    picture(tmp_path / "a.png")
    (tmp_path / "list.csv").write_text("path,label\na.png,perhaps\n")
    with pytest.raises(DatasetError) as error:
        open_dataset(tmp_path / "list.csv")
    assert error.value.problems == ["row 2: a.png: unknown label 'perhaps', use real or fake"]


def test_empty_folder_names_the_layouts(tmp_path: Path) -> None:
    """A folder that is no dataset tells what would be one."""
    with pytest.raises(InputError, match=r"not a dataset.*labels\.csv.*metadata\.json.*Celeb-real"):
        open_dataset(tmp_path)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    """A path that does not exist is told apart from an empty folder."""
    with pytest.raises(InputError, match="there is no folder"):
        open_dataset(tmp_path / "none")


@pytest.mark.parametrize("name", ["real", "Celeb-real", "original_sequences"])
def test_tree_without_pictures_is_refused(tmp_path: Path, name: str) -> None:
    """Folders of the right name with nothing in them hold no dataset."""
    (tmp_path / name).mkdir()
    with pytest.raises(DatasetError, match="no pictures of faces"):
        open_dataset(tmp_path)


@pytest.mark.real_data
def test_real_sets_keep_the_contract(real_data: Path) -> None:
    """The research data opens without a broken row."""
    for name, size in (("dfdc", 38359), ("gan", 1400)):
        assert len(open_dataset(real_data / name)) == size
