"""The robustness card in a report: read back, shown, and compared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgedf.errors import InputError
from edgedf.metrics import Interval
from edgedf.metrics.robustness import Apart, Curve, Form, Hardiness, Robustness, Step, Worth, departure
from edgedf.report import Report, write_report
from edgedf.report.bounds import parse_bounds
from edgedf.report.compare import FIGURES, Verdict, compare
from edgedf.report.compare_words import markdown as compared
from edgedf.report.html import page
from edgedf.report.markdown import markdown
from edgedf.report.read import read_report, report_schema
from edgedf.report.robustness_words import departures
from tests.unit.report.test_write import Balance

DROP = 0.005


def step(strength: float, lost: float, forms: int) -> Step:
    """Everything falls with the strength, of INT8 by something more."""
    values = [0.9 - 0.4 * strength, 0.9 - 0.4 * strength - lost][:forms]
    worth = [Worth(*[Interval(one, one - 0.05, one + 0.05)] * 3) for one in values]
    change = Interval(-lost, -lost - 0.004, -lost + 0.004)
    return Step(strength, worth, Apart(change, change, lost) if forms == 2 else None)


def hardiness(model: str, lost: dict[float, float], forms: int) -> Hardiness:
    """Of two degradations, the second of which loses nothing more than untouched faces do."""
    untouched = step(0.0, lost.get(0.0, 0.0), forms)
    falls = [
        [step(one, lost.get(one, 0.0), forms) for one in (0.5, 1.0)],
        [step(0.5, 0.0, forms), step(1.0, 0.0, forms)],
    ]
    curves = [
        Curve(name, steps, departure([untouched, *steps], DROP))
        for name, steps in zip(("low_light", "jpeg"), falls, strict=True)
    ]
    shown = [Form("model.onnx", "fp32", 0.5), Form("model.int8.onnx", "int8", 0.5)][:forms]
    return Hardiness(model, shown, untouched, curves)


def with_card(report: Report, lost: dict[float, float]) -> Report:
    models = [hardiness("teacher", lost, 2), hardiness("student <small>", {}, 1)]
    return replace(report, robustness=Robustness(300, 75, 100, 0.17, DROP, models))


@pytest.fixture
def hardy(report: Report) -> Report:
    return with_card(report, {1.0: 0.0625})


def test_a_card_is_read_back_as_it_was(hardy: Report, tmp_path: Path) -> None:
    assert read_report(write_report(hardy, tmp_path)["json"]) == hardy


def test_a_card_keeps_to_the_schema(hardy: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(json.loads(json.dumps(hardy.to_dict())), report_schema())


def test_a_card_with_a_contradiction_is_refused(hardy: Report, tmp_path: Path) -> None:
    path = write_report(hardy, tmp_path)["json"]
    path.write_text(path.read_text().replace('"departs": 1.0', '"departs": 0.5'))
    with pytest.raises(InputError, match=r"departs under low_light at 1\.0, not at 0\.5"):
        read_report(path)


def test_where_int8_departs_is_told_in_words(report: Report) -> None:
    def told(lost: dict[float, float]) -> list[str]:
        return departures(with_card(report, lost).robustness)

    start = "teacher: INT8 departs from floating point"
    assert told({}) == [f"{start} nowhere."]
    assert told({1.0: 0.1}) == [f"{start} under darkness from 1."]
    assert told({0.5: 0.1}) == [f"{start} under darkness from 0.5."]
    assert told({0.0: 0.1}) == [f"{start} on untouched faces."]
    assert departures(None) == []


def test_tables_and_curves_stand_in_the_report(hardy: Report) -> None:
    text, whole = markdown(hardy), page(hardy)
    for one in (text, whole):
        assert "under darkness from 1." in one
        assert "300 faces, 75 of them fake, in 100 groups" in one and "17.0 % fakes" in one
    assert "| darkness 1 | 6.25% | -0.062 [" in text and "| 0.500 [0.450, 0.550] | 0.438 [0.388, 0.487] |" in text
    assert "| darkness 1 | 0.500 [0.450, 0.550] | 0.500 [0.450, 0.550] | 0.500 [0.450, 0.550] |" in text
    assert text.count("| untouched |") == 2
    parser = Balance()
    parser.feed(whole)
    assert parser.open == [] and "details" in parser.seen
    assert "<small>:" not in whole and "Figures of student &lt;small&gt;" in whole
    assert '<th scope="row">darkness 1</th>' in whole
    assert whole.count("on degraded faces</title>") == 2
    assert whole.count("departs at 1</text>") == 1


def test_a_report_without_a_card_shows_none(report: Report) -> None:
    assert "Degraded faces" not in markdown(report) and "Degraded faces" not in page(report)


def test_flips_are_compared(report: Report) -> None:
    old, new = with_card(report, {1.0: 0.01}), with_card(report, {0.0: 0.02, 1.0: 0.03})
    found = {one.model: one for one in compare(old, new).changes if one.figure == "flips"}
    assert [*found] == ["teacher", "teacher, low_light", "teacher, jpeg"], "one form alone flips nothing"
    assert found["teacher"].verdict is found["teacher, low_light"].verdict is Verdict.WORSE
    assert found["teacher, jpeg"].verdict is Verdict.TIE
    assert compare(new, old).changes[-3].verdict is Verdict.BETTER
    assert "| teacher | flips | 0.0000 | 0.0200 | +0.0200 | worse |" in compared(compare(old, new), "OLD", "NEW")
    broken = compare(old, new, parse_bounds("flips>1%", FIGURES)).broken
    assert len(broken) == 2 and broken[0] == "teacher: flips +0.0200 breaks flips>1%"


def test_flips_of_other_faces_or_of_no_card_are_not_compared(hardy: Report) -> None:
    assert hardy.robustness
    bound = parse_bounds("flips>1%", FIGURES)
    fewer = replace(hardy, robustness=replace(hardy.robustness, images=200))
    with pytest.raises(InputError, match="flips>1% cannot be judged for teacher: other faces"):
        compare(hardy, fewer, bound)
    with pytest.raises(InputError, match="no model has its flips in both"):
        compare(hardy, replace(hardy, robustness=None), bound)
