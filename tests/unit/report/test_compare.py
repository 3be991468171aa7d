"""What counts as a change between two reports, on rounds as a busy machine gives them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edgedf.cli import app
from edgedf.errors import InputError
from edgedf.report import Noise, Report, write_report
from edgedf.report.bounds import parse_bounds
from edgedf.report.compare import BETWEEN_RUNS, FIGURES, Change, Verdict, compare
from edgedf.report.compare_words import markdown
from tests import recorded_rounds
from tests.unit.report.conftest import judged, timed

TRIALS = 60


def measured(report: Report, random: np.random.Generator, slower: float = 1.0) -> Report:
    """The report of another run of its first model, on the machine of the recorded rounds."""
    rounds, again = recorded_rounds.run(random, slower)
    result = timed(report.results[0], rounds)
    return replace(report, results=[result], noise=Noise.of(result.name, rounds, again, 1e-4))


def of(report: Report, other: Report, figure: str, model: int = 0) -> Change:
    name = report.results[model].name
    [found] = [one for one in compare(report, other).changes if (one.model, one.figure) == (name, figure)]
    return found


def share(report: Report, verdict: Verdict, slower: float) -> float:
    """How often a run and one that is slower are given this verdict."""
    random = np.random.default_rng(0)
    pairs = [(measured(report, random), measured(report, random, slower)) for _ in range(TRIALS)]
    return float(np.mean([of(*pair, "p50").verdict is verdict for pair in pairs]))


def test_the_same_artefact_in_two_runs_is_a_tie(report: Report) -> None:
    assert share(report, Verdict.TIE, 1.0) >= 0.95


def test_a_planted_slowdown_of_8_percent_is_found(report: Report) -> None:
    assert share(report, Verdict.WORSE, 1.08) >= 0.95


def test_recorded_runs_themselves_are_ties_and_found_slower(report: Report) -> None:
    """The same without a model of noise: each recorded run against the next ones."""

    def made(slower: float, run: list[list[float]]) -> Report:
        rounds, again = ([slower * one for one in times] for times in run)
        result = timed(report.results[0], rounds)
        return replace(report, results=[result], noise=Noise.of(result.name, rounds, again, 1e-4))

    runs = recorded_rounds.RECORDED.tolist()
    same, slower = ([made(factor, run) for run in runs] for factor in (1.0, 1.08))
    places = [(i, (i + step) % len(runs)) for i in range(len(runs)) for step in (1, 2)]
    assert np.mean([of(same[i], same[j], "p50").verdict is Verdict.TIE for i, j in places]) >= 0.95
    assert np.mean([of(same[i], slower[j], "p50").verdict is Verdict.WORSE for i, j in places]) >= 0.95


def test_the_noise_between_runs_is_that_of_the_recorded_ones() -> None:
    assert pytest.approx(1.96 * 2**0.5 * recorded_rounds.BETWEEN_RUNS, abs=0.002) == BETWEEN_RUNS


def test_one_artefact_under_two_names_of_one_report_is_a_tie(noisy: Report) -> None:
    """The twin takes the student's place in the second report."""
    student, _, twin, _ = noisy.results
    assert of(noisy, replace(noisy, results=[replace(twin, name=student.name)], noise=None), "size").by == 0
    swapped = replace(
        noisy,
        results=[replace(twin, name=student.name)],
        noise=Noise.of(student.name, twin.rounds_ms, student.rounds_ms, 1e-4),
    )
    found = of(noisy, swapped, "p50")
    assert found.verdict is Verdict.TIE
    assert "within the noise" in found.why


def test_an_improvement_is_one(report: Report) -> None:
    random = np.random.default_rng(1)
    found = of(measured(report, random, 1.2), measured(report, random), "p50")
    assert found.verdict is Verdict.BETTER
    assert found.low and found.high and found.low < found.by < found.high < 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda one: replace(one, threads=2), "another machine, or other threads"),
        (lambda one: replace(one, environment=replace(one.environment, features=[])), "another machine"),
        (lambda one: replace(one, noise=None), "tells no noise"),
    ],
)
def test_what_cannot_be_compared_is_unknown_and_no_bound_on_it_can_be_kept(
    report: Report, changed: Callable[[Report], Report], why: str
) -> None:
    random = np.random.default_rng(2)
    old, new = measured(report, random), changed(measured(report, random))
    found = of(old, new, "p50")
    assert found.verdict is Verdict.UNKNOWN and why in found.why
    with pytest.raises(InputError, match=f"p50>5% cannot be judged for teacher: .*{why}"):
        compare(old, new, parse_bounds("p50>5%", FIGURES))


def test_worth_changes_where_it_leaves_the_interval(report: Report) -> None:
    slight = replace(report, results=[replace(report.results[0], evaluation=judged(0.3)), *report.results[1:]])
    large = replace(report, results=[replace(report.results[0], evaluation=judged(0.15)), *report.results[1:]])
    assert of(report, report, "f1").verdict is Verdict.TIE
    assert of(report, slight, "f1").verdict is Verdict.TIE
    assert of(report, slight, "f1").by < 0
    assert of(report, large, "f1").verdict is Verdict.WORSE
    assert of(large, report, "f1").verdict is Verdict.BETTER


def test_a_bound_on_f1_holds_for_the_difference_itself(report: Report) -> None:
    """Both are of the same faces: what is lost there, is lost, however wide the interval for other faces is."""
    slight = replace(report, results=[replace(report.results[0], evaluation=judged(0.3)), *report.results[1:]])
    lost = of(report, slight, "f1").by
    assert compare(report, slight, parse_bounds(f"f1<{lost + 0.001}", FIGURES)).broken
    assert not compare(report, slight, parse_bounds(f"f1<{lost - 0.001}", FIGURES)).broken


def test_worth_on_other_faces_is_not_compared(report: Report) -> None:
    assert report.data
    others = replace(report, data=replace(report.data, fingerprint="cd34" * 16))
    assert of(report, others, "f1").verdict is Verdict.UNKNOWN
    with pytest.raises(InputError, match=r"f1<-0\.1 cannot be judged for teacher: other faces"):
        compare(report, others, parse_bounds("f1<-0.1", FIGURES))


def test_what_is_gone_is_told_and_breaks_bounds(report: Report) -> None:
    """A gate that passes because its model is no longer there is none."""
    teacher, student, peer = report.results
    less = replace(report, results=[replace(teacher, evaluation=None), peer, replace(student, name="new")])
    found = compare(report, less)
    assert (found.gone, found.fresh, found.broken) == ([student.name, "F1 of teacher"], ["new"], [])
    assert len(compare(report, less, parse_bounds("size>5%", FIGURES)).broken) == 2
    with pytest.raises(InputError, match="no model has its f1 in both"):
        compare(report, less, parse_bounds("f1<-0.1", FIGURES))


def test_the_markdown_tells_what_else_changed(report: Report) -> None:
    versions = {"python": "3.12", "onnxruntime": "1.99"}
    other = replace(report, environment=replace(report.environment, versions=versions))
    text = markdown(compare(report, other), "OLD", "NEW")
    assert "* python: 3.11 → 3.12" in text
    assert "* onnxruntime: none → 1.99" in text
    assert "CPU" not in text


@pytest.fixture
def written(report: Report, tmp_path: Path) -> tuple[str, str]:
    """Files of a report and of one whose first model is a fifth slower."""
    random = np.random.default_rng(3)
    paths = [
        write_report(measured(report, random, slower), tmp_path / name)["json"]
        for name, slower in (("old", 1.0), ("new", 1.2))
    ]
    return str(paths[0]), str(paths[1])


def test_a_broken_bound_fails_the_command_and_json_tells_everything(written: tuple[str, str]) -> None:
    failed = CliRunner().invoke(app, ["report", "compare", *written, "--fail-on", "p50>5%, f1<-0.005", "--json"])
    assert failed.exit_code == 1
    assert "teacher: p50 +" in failed.stderr and "breaks p50>5%" in failed.stderr
    found: dict[str, Any] = json.loads(failed.stdout)
    assert len(found["broken"]) == 1
    assert {one["figure"]: one["verdict"] for one in found["changes"]}["p50"] == "worse"


def test_bounds_that_hold_pass(written: tuple[str, str]) -> None:
    fine = CliRunner().invoke(app, ["report", "compare", *written, "--fail-on", "p50>50%"])
    assert fine.exit_code == 0
    assert "| teacher | p50 |" in fine.stdout
    assert CliRunner().invoke(app, ["report", "compare", *written, "--fail-on", "p50"]).exit_code == 2
