"""The tables of records say what the records say, of comparable ones only."""

import dataclasses
from collections.abc import Callable

import pytest

from edgedf.errors import InputError
from edgedf.report.record_tables import tables
from edgedf.report.records import Record

MakeRecord = Callable[..., Record]


def cells(text: str, first: str) -> list[list[str]]:
    """The rows whose first cell is `first`."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [row for row in rows if row[0] == first]


def test_every_figure_stands_in_the_table_of_its_faces(make_record: MakeRecord) -> None:
    one = make_record()
    text = tables([one])
    found = one.entries[0].judgements[0].evaluation
    model, figures, methods = cells(text, "full")
    assert model[1:] == [
        *("student small", "512,000", "faces", "", "", "6", "97,328", "21 min"),
        *("0.300 to 0.400", "0123456"),  # the first of the six epochs is not among the last five
    ]
    matrix = f"[[{found.matrix.tn:.0f} {found.matrix.fp:.0f}] [{found.matrix.fn:.0f} {found.matrix.tp:.0f}]]"
    rates = (found.auc, found.f1, found.precision, found.recall, found.false_positive_rate)
    assert figures[1:] == [*map(str, rates), matrix, "0.5"]
    assert methods[1:] == [str(found.auc)]
    assert "## faces val" in text and "225 real and 75 fake faces in 100 groups" in text and "17 % fakes" in text
    assert "Ablations" not in text and "By video" not in text


def test_an_ablation_is_told_by_what_it_changes_and_costs(make_record: MakeRecord) -> None:
    full = make_record()
    worse = make_record("no-forge", quality=0.1, forge=0.0, ablation_of="full")
    same = make_record("same", ablation_of="full")
    text = tables([full, worse, same])
    *_, row = cells(text, "no-forge")
    assert row[1:3] == ["full", "`forge=0.0`"]
    value, low, high = (float(part.strip("[],")) for part in row[3].split())
    aucs = [one.entries[0].judgements[0].evaluation.auc.value for one in (worse, full)]
    assert value == pytest.approx(aucs[0] - aucs[1], abs=0.002)
    assert low < value < high < 0
    *_, row = cells(text, "same")
    assert row[2:4] == ["", "+0.000 [+0.000, +0.000]"]


def test_an_ablation_without_a_teacher_is_told_in_two_words(make_record: MakeRecord) -> None:
    full, alone = make_record(), make_record("alone", ablation_of="full")
    assert full.training and alone.training
    taught = dataclasses.replace(full.training, teacher="big", settings=full.training.settings | {"temperature": 2.0})
    *_, row = cells(tables([dataclasses.replace(full, training=taught), alone]), "alone")
    assert row[2] == "no teacher"


def test_an_ablation_without_pretraining_is_told_by_its_start(make_record: MakeRecord) -> None:
    full, alone = make_record(), make_record("alone", ablation_of="full")
    assert full.training
    started = dataclasses.replace(full.training, started_from="pretrained")
    *_, row = cells(tables([dataclasses.replace(full, training=started), alone]), "alone")
    assert row[2] == "from random weights"


def test_the_interval_of_a_difference_is_that_of_pairs(make_record: MakeRecord) -> None:
    """Scores that differ on no face leave nothing to chance, however wide the intervals of both are."""
    full, twin = make_record(), make_record("twin", ablation_of="full")
    assert full.entries[0].judgements[0].evaluation.auc.low < full.entries[0].judgements[0].evaluation.auc.high
    assert "[+0.000, +0.000]" in tables([full, twin])


def test_artefacts_of_one_record_have_rows_of_their_own(make_record: MakeRecord) -> None:
    one = make_record()
    int8 = dataclasses.replace(one.entries[0], backend="onnxruntime", precision="int8")
    text = tables([dataclasses.replace(one, entries=[int8, *one.entries])])
    assert len(cells(text, "full, int8 in onnxruntime")) == len(cells(text, "full, fp32 in torch")) == 2


def test_what_cannot_be_compared_is_refused(make_record: MakeRecord) -> None:
    one = make_record()
    [faces] = one.faces
    others = {
        "two records have the name full": make_record(),
        "other faces, both named faces val": make_record("b", faces=[dataclasses.replace(faces, fingerprint="cd")]),
        r"stated at 0\.17 fakes, b at 0\.5": make_record("b", prevalence=0.5),
        "an ablation of nobody": make_record("b", ablation_of="nobody"),
    }
    for message, other in others.items():
        with pytest.raises(InputError, match=message):
            tables([one, other])
