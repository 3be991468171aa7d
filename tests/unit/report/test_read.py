"""Reports are read back, also of older versions, and nothing else is; the published schema says what they hold."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from edgedf.errors import InputError
from edgedf.report import Report, write_report
from edgedf.report.read import read_report, report_schema
from edgedf.report.results import SCHEMA

OLDEST = Path(__file__).with_name("report-1.json")
PUBLISHED = json.loads(files("edgedf.report").joinpath("schema", f"report-{SCHEMA}.json").read_text())


def as_json(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    return found


def test_a_report_is_read_back_as_it_was(noisy: Report, full: Report, tmp_path: Path) -> None:
    for one in (noisy, full):
        assert read_report(write_report(one, tmp_path)["json"]) == one


def test_the_first_version_still_opens() -> None:
    [result] = read_report(OLDEST).results
    assert (result.name, result.calls, result.latency_ms_p99, list(result.rounds_ms)) == ("default", 2005, None, [])
    assert result.evaluation and result.evaluation.matrix.fp == 305


def test_the_published_schema_is_that_of_the_dataclasses() -> None:
    """Where it is not: `python -m edgedf.report.read` writes it; a new version where older reports no longer open."""
    assert report_schema() == PUBLISHED


def test_reports_keep_to_the_published_schema(report: Report, noisy: Report, full: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    for one in (report, noisy, full):
        jsonschema.validate(as_json(one), PUBLISHED)
    with pytest.raises(jsonschema.ValidationError, match="calls"):
        jsonschema.validate(changed(noisy, ["results", 0, "calls"], None), PUBLISHED)


def changed(report: Report, place: list[str | int], value: Any) -> dict[str, Any]:
    """The report as JSON with one value changed, or taken out where the new one is None."""
    whole = at = as_json(report)
    for step in place[:-1]:
        at = at[step]  # type: ignore[index]
    if value is None:
        del at[place[-1]]  # type: ignore[arg-type]
    else:
        at[place[-1]] = value  # type: ignore[index]
    return whole


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (["schema"], 3, "of a newer edgedf (schema 3, this one knows up to 2): update edgedf"),
        (["schema"], "2", "is not a report"),
        (["schema"], None, "is not a report"),
        (["title"], None, "report lacks 'title'"),
        (["colour"], "red", "report has a field 'colour' that is not known"),
        (["threads"], 1.5, "report.threads is 1.5, not a whole number"),
        (["threads"], 10**400, "is too large a number"),
        (["title"], json.loads("[" * 20 + "]" * 20), "nested more than 16 deep"),
        (["threads"], True, "report.threads is True, not a whole number"),
        (["title"], "a\x1b[2J", "a character that cannot be printed: 'a\\x1b[2J'"),
        (["results"], [], "a report has 1 to 200 results, not 0"),
        (["results", 0, "rounds_ms"], [1.0] * 10_001, "10001 rounds are more than 10000"),
        (["results", 0, "evaluation", "auc", "low"], 2, "auc"),
        (["results"], {}, "report.results is a table, not a list"),
        (["results", 0], [], "report.results[0] is a list, not a table"),
        (["results", 1, "size_mb"], "1.5", "report.results[1].size_mb is '1.5', not a finite number"),
        (["results", 0, "latency_ms_p95"], 0.01, "report.results[0] contradicts itself"),
        (["results", 0, "evaluation", "f1", "value"], 0.99, "report.results[0].evaluation contradicts itself"),
        (["results", 2, "name"], "teacher", "report contradicts itself: two results"),
        (["environment", "versions", "python"], 3.11, "report.environment.versions.python is 3.11, not a line of text"),
        (["noise", "share"], 0.0, "report contradicts itself: noise 0 contradicts"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    noisy: Report, place: list[str | int], value: Any, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(changed(noisy, place, value)))
    with pytest.raises(InputError) as caught:
        read_report(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\n" not in said
    assert message in said


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000, '{"schema": 2, "threads": NaN}', "\udcff"])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"report\.json (cannot be read as|is not a)"):
        read_report(path)
    with pytest.raises(InputError, match="cannot be read as a report"):
        read_report(tmp_path)


def test_numbers_that_are_not_finite_are_refused(noisy: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(as_json(noisy)).replace('"size_mb": 1.5', '"size_mb": 1e999'))
    with pytest.raises(InputError, match="1e999 is not a finite number"):
        read_report(path)
