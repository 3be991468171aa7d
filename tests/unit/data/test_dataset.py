"""The contract of `labels.csv`, and each way to break it."""

from pathlib import Path

import numpy as np
import pytest

from edgedf.data.dataset import Dataset, write_dataset
from edgedf.data.readers import from_csv, read_dataset
from edgedf.errors import DatasetError

Columns = dict[str, list[str]]


def test_all_columns_are_kept(root: Path, columns: Columns) -> None:
    """What was written is read, further columns included."""
    dataset = read_dataset(root)
    assert dataset.columns == columns
    assert dataset.labels.tolist() == [0, 1] * 3
    assert dataset.paths[1] == root / "1.png"


def test_cells_with_commas_survive(root: Path, columns: Columns) -> None:
    """Commas, quotes and line breaks in a cell come back."""
    columns["camera"][0] = 'a, "b"\nc'
    write_dataset(root, columns)
    assert read_dataset(root).columns == columns


def test_select_takes_a_mask_or_indices(root: Path) -> None:
    """Both ways give the same rows, with the row numbers of the file."""
    dataset = read_dataset(root)
    by_mask = dataset.select(dataset.labels == 1)
    assert by_mask.columns == dataset.select([1, 3, 5]).columns
    assert list(by_mask.rows) == [3, 5, 7]


def test_split_takes_its_rows(root: Path) -> None:
    """A split holds its rows and no others."""
    assert read_dataset(root).split("val").columns["path"] == ["2.png", "3.png"]


@pytest.mark.parametrize(
    ("paths", "original", "video"),
    [
        (["real/a.jpg", "real/c.jpg", "fake/b.jpg"], "a", ["", "", ""]),
        (["real/a.jpg", "real/c.jpg", "fake/b.jpg"], "a.mp4", ["", "", ""]),
        (["real/a.jpg", "real/c.jpg", "fake/b.jpg"], "real/a.jpg", ["", "", ""]),
        (["real/a_1.jpg", "real/a_2.jpg", "fake/b_1.jpg"], "a", ["a", "a", "b"]),
        (["real/1/0011.jpg", "real/1/0012.jpg", "fake/2/0011.jpg"], "1", ["1", "1", "2"]),
        (["real/000/0001.png", "real/007/0001.png", "fake/000_003/0001.png"], "000", ["000", "007", "000_003"]),
        (["real/3/1.jpg", "real/7/3.jpg", "fake/5/1.jpg"], "3", ["3", "7", "5"]),
    ],
)
def test_a_fake_knows_the_picture_it_was_made_from(
    tmp_path: Path, paths: list[str], original: str, video: list[str]
) -> None:
    """By path, by bare name, or by video: then it is the same frame."""
    columns: Columns = {"path": paths, "label": ["real", "real", "fake"], "video": video}
    columns["original"] = ["", "", original]
    assert Dataset(tmp_path, columns).originals.tolist() == [0, 1, 0]


def test_without_an_original_a_picture_is_its_own(tmp_path: Path) -> None:
    """No such column, an empty cell, a picture that is not there, one that is a fake itself, or one of two."""
    columns = {"path": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "label": ["real", "fake", "fake", "fake"]}
    assert Dataset(tmp_path, columns).originals.tolist() == [0, 1, 2, 3]
    columns["original"] = ["", "", "gone", "b"]
    assert Dataset(tmp_path, columns).originals.tolist() == [0, 1, 2, 3]
    twice = {"path": ["a/1.jpg", "b/1.jpg", "c.jpg"], "label": ["real", "real", "fake"], "original": ["", "", "1"]}
    assert Dataset(tmp_path, twice).originals.tolist() == [0, 1, 2]


def test_missing_split_is_an_error(root: Path) -> None:
    """A split without rows names the splits that have some."""
    train = read_dataset(root).split("train")
    with pytest.raises(DatasetError, match="it has train"):
        train.split("val")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("path", "none.png", "row 4: none.png: missing file"),
        ("path", "1.png", "row 4: 1.png: listed twice"),
        ("path", "a" * 300, f"row 4: {'a' * 300}: missing file"),
        ("label", "Fake", "row 4: 2.png: unknown label 'Fake'"),
        ("split", "dev", "row 4: 2.png: unknown split 'dev'"),
        ("group", "", "row 4: 2.png: the group is empty"),
        ("group", "a", "row 4: 2.png: group 'a' is in val and in train"),
    ],
)
def test_broken_row_is_listed(root: Path, columns: Columns, column: str, value: str, problem: str) -> None:
    """Each fault stops the reading and names its row; told to skip, the reading goes on and says so."""
    columns[column][2] = value
    write_dataset(root, columns)
    with pytest.raises(DatasetError, match="1 broken row") as error:
        read_dataset(root)
    assert len(error.value.problems) == 1
    assert error.value.problems[0].startswith(problem)

    said: list[str] = []
    dataset = read_dataset(root, skip_broken=True, log=said.append)
    assert list(dataset.rows) == [2, 3, 5, 6, 7]
    assert said == [f"skipped {error.value.problems[0]}"]


def test_blank_lines_are_counted(root: Path) -> None:
    """A row is named by its line in the file, in the table of a folder and in any other."""
    lines = (root / "labels.csv").read_text().replace("2.png,real", "2.png,maybe").splitlines()
    for name, read in (("labels.csv", lambda file: read_dataset(file.parent)), ("other.csv", from_csv)):
        (root / name).write_text("\n".join([lines[0], "", lines[1], "", "", *lines[2:]]))
        with pytest.raises(DatasetError) as error:
            read(root / name)
        assert error.value.problems == ["row 7: 2.png: unknown label 'maybe', use real or fake"]
        (root / name).write_text("\n".join([lines[0], "", *lines[1:], "7.png"]))
        with pytest.raises(DatasetError) as error:
            read(root / name)
        assert error.value.problems == ["row 9: it has not 7 cells"]


@pytest.mark.parametrize("cells", [("1", "2", "3", ""), ("1", "2", "3", "x"), ("1", "2", "3", "nan")])
def test_broken_box_is_listed(root: Path, columns: Columns, cells: tuple[str, ...]) -> None:
    """A face box is four numbers, or four empty cells."""
    names = ("box_x", "box_y", "box_w", "box_h")
    boxes = {name: ["5", cell, "", "5", "5", "5"] for name, cell in zip(names, cells, strict=True)}
    write_dataset(root, columns | boxes)
    with pytest.raises(DatasetError) as error:
        read_dataset(root)
    assert error.value.problems == ["row 3: 1.png: the face box is not four numbers"]


def test_one_file_in_two_splits_is_listed(root: Path) -> None:
    """A copy of a training picture in another split is a leak, under whatever name."""
    (root / "4.png").write_bytes((root / "0.png").read_bytes())
    with pytest.raises(DatasetError) as error:
        read_dataset(root)
    assert error.value.problems == ["row 6: 4.png: same pixels as row 2, which is in train"]


def test_one_file_twice_in_a_split_is_allowed(root: Path) -> None:
    """A copy within a split leaks nothing."""
    (root / "1.png").write_bytes((root / "0.png").read_bytes())
    assert len(read_dataset(root)) == 6


def test_files_with_equal_ends_are_not_confused(root: Path) -> None:
    """Only equal content counts, not equal size and ending."""
    for name, start in (("0.png", b"a"), ("4.png", b"b")):
        (root / name).write_bytes(start + bytes(1000))
    assert len(read_dataset(root)) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label,split\n", "lacks the column group"),
        ("", "lacks the column path, label, split, group"),
        ("path,label,split,group\n", "no usable rows"),
        ("path,label,split,group\na.png,real\n", "another length"),
    ],
)
def test_unusable_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """A table without its columns, rows or cells is one error."""
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_dataset(tmp_path)


def test_binary_table_is_refused(tmp_path: Path) -> None:
    """A file that is not text is one error too."""
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(DatasetError, match="cannot read"):
        read_dataset(tmp_path)


def test_labels_of_a_selection_are_integers(root: Path) -> None:
    """Labels stay `uint8`, also of no rows."""
    empty = read_dataset(root).select(np.zeros(6, dtype=bool))
    assert empty.labels.dtype == np.uint8
    assert len(empty) == 0
