"""Records: what is written is read back, and nothing else is."""

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgedf.errors import InputError
from edgedf.report.records import (
    MOST,
    Record,
    packed,
    packed_scores,
    read_record,
    read_records,
    unpacked,
    unpacked_scores,
    write_record,
)

MakeRecord = Callable[..., Record]


def test_a_record_is_read_back_as_it_was(make_record: MakeRecord, tmp_path: Path) -> None:
    known, unknown = make_record("known"), make_record("unknown", training=None, timings=[])
    for one in (known, unknown):
        write_record(tmp_path / f"{one.name}.json", one)
    assert read_records(tmp_path) == [known, unknown]


def test_scores_keep_four_digits_and_little_room() -> None:
    scores = np.random.default_rng(0).random(4193)
    kept = unpacked_scores(packed_scores(scores.astype(np.float32)))
    assert np.abs(kept - scores).max() < 1e-4
    assert unpacked_scores(packed_scores(np.array([0.0, 0.5, 1.0]))) == pytest.approx([0, 0.5, 1], abs=1e-4)
    assert unpacked(packed([0, 65_535, 7])).tolist() == [0, 65_535, 7]
    # Four artefacts, three sets of faces and their evaluations are to stay below 120 kB.
    assert len(packed_scores(scores)) < 12_000


def test_scores_of_a_saturated_model_keep_their_order() -> None:
    """Rounded to four digits all of these would be equal."""
    scores = np.array([1e-6, 2e-6, 1e-5, 2e-5, 1 - 1e-5, 1 - 1e-6])
    assert (np.diff(unpacked_scores(packed_scores(scores))) > 0).all()


@pytest.mark.parametrize("change", [{"schema": 2}, {"parameter": 1}, {"entries": [{"backend": "torch"}]}])
def test_a_file_of_another_layout_is_refused(
    change: dict[str, object], make_record: MakeRecord, tmp_path: Path
) -> None:
    file = tmp_path / "x.json"
    write_record(file, make_record())
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError, match=r"x\.json: not a record of this version"):
        read_record(file)


@pytest.mark.parametrize(
    "change",
    [
        {"training": []},
        {"prevalence": "0.17"},
        {"architecture": 1},
        {"faces": []},
        {"entries": [{"backend": "torch", "precision": "fp32", "threshold": 0.5, "judgements": []}]},
    ],
)
def test_values_of_another_type_are_refused(change: dict[str, object], make_record: MakeRecord, tmp_path: Path) -> None:
    """When they are read, and not where a table is made of them."""
    file = tmp_path / "x.json"
    write_record(file, make_record())
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError, match="not a record of this version"):
        read_record(file)


def test_packed_numbers_that_are_none_are_refused() -> None:
    """Also those that would take a thousand times the memory of their text."""
    bomb = base64.b64encode(zlib.compress(bytes(2 * MOST + 2))).decode()
    for text in ("?", "AAAA", packed(range(100))[:-8], bomb):
        with pytest.raises(InputError, match="packed numbers that cannot be read"):
            unpacked(text)


def test_what_is_no_record_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no records"):
        read_records(tmp_path)
    for content in ("", "[]", "{}", "[" * 2000):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(InputError, match="not a record"):
            read_records(tmp_path)
