"""Results that cannot be, cannot be made."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgedf.errors import InternalError
from edgedf.metrics import Interval, evaluate
from edgedf.metrics.start import Start
from edgedf.report import Report
from edgedf.report.measures import AllCores, Paced


def test_a_report_whose_figures_contradict_its_matrix_cannot_be_built(report: Report) -> None:
    _, result, evaluation = report.judged[0]
    with pytest.raises(InternalError, match=r"f1.*contradicts"):
        dataclasses.replace(result, evaluation=dataclasses.replace(evaluation, f1=Interval(0.99, 0.9, 1.0)))


def test_results_on_different_images_do_not_stand_side_by_side(report: Report) -> None:
    fewer = evaluate(np.array([0, 1], np.uint8), np.array([0.1, 0.9]), ["a", "b"], threshold=0.5)
    other = dataclasses.replace(report.results[0], name="other", evaluation=fewer)
    with pytest.raises(InternalError, match="different images"):
        dataclasses.replace(report, results=[*report.results, other])


def test_calls_on_all_cores_take_time() -> None:
    with pytest.raises(InternalError, match="took no time"):
        AllCores(8, 0.0, 1.0)


def test_names_are_unique(report: Report) -> None:
    with pytest.raises(InternalError, match="same name"):
        dataclasses.replace(report, results=[*report.results, report.results[0]])


@pytest.mark.parametrize("latency_ms", [0.0, float("nan"), 1e9])
def test_latencies_are_possible(report: Report, latency_ms: float) -> None:
    with pytest.raises(InternalError, match="latencies"):
        dataclasses.replace(report.results[0], latency_ms_p50=latency_ms)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latency_ms_p90": 0.1}, "rise"),
        ({"latency_ms_p99": 0.1}, "rise"),
        ({"latency_ms_max": 0.1}, "rise"),
        ({"rounds_ms": [5.0] * 30}, "contradicts the medians"),
        ({"calls": 3}, "cannot fill"),
        ({"latency_ms_max": 1e308}, "latencies must be"),
        ({"size_mb": 0.0}, "no size of a model"),
    ],
)
def test_latencies_that_contradict_each_other_cannot_be(noisy: Report, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InternalError, match=message):
        dataclasses.replace(noisy.results[0], **changes)


def test_a_ratio_follows_from_the_rounds(noisy: Report) -> None:
    first, teacher, *rest = noisy.results
    right = dataclasses.replace(teacher, times_as_fast=1 / 1.08)
    assert dataclasses.replace(noisy, results=[first, right, *rest]).results[1].times_as_fast == 1 / 1.08
    for wrong in (dataclasses.replace(teacher, times_as_fast=1.08), dataclasses.replace(rest[-1], times_as_fast=1.0)):
        with pytest.raises(InternalError, match="contradicts their rounds"):
            dataclasses.replace(noisy, results=[first, wrong])


def test_parts_are_judged_with_the_whole(report: Report) -> None:
    _, result, evaluation = report.judged[0]
    with pytest.raises(InternalError, match="parts of the images"):
        dataclasses.replace(result, evaluation=None, parts={"dark": evaluation})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"share": 0.001}, "contradicts its rounds"),
        ({"model": "other"}, "no result named 'other'"),
        ({"model": "mobilenet_v2"}, "0 rounds"),
        ({"again_ms": [0.6] * 30}, "contradicts its rounds"),
    ],
)
def test_noise_follows_from_its_rounds(noisy: Report, changes: dict[str, Any], message: str) -> None:
    assert noisy.noise is not None
    with pytest.raises(InternalError, match=message):
        dataclasses.replace(noisy, noise=dataclasses.replace(noisy.noise, **changes))


def test_a_pace_is_summed_up_with_its_missed_deadlines() -> None:
    found = Paced.of([1.0] * 98 + [40.0, 50.0], 33.3, 2.0)
    assert (found.calls, found.missed, found.latency_ms_p50, found.latency_ms_max) == (100, 2, 1.0, 50.0)
    with pytest.raises(InternalError, match="0 missed deadlines"):
        dataclasses.replace(found, missed=0)
    with pytest.raises(InternalError, match="contradict"):
        dataclasses.replace(found, latency_ms_p50=51.0)


@pytest.mark.parametrize("changes", [{"load_ms": 250.0}, {"first_ms": 151.0}, {"steady_mb": 71.0}])
def test_the_parts_of_a_start_fit_into_the_whole(changes: dict[str, float]) -> None:
    start = Start(process_ms=200.0, load_ms=50.0, first_ms=1.0, peak_mb=70.0, steady_mb=60.0)
    assert dataclasses.replace(start, peak_mb=None, steady_mb=None).peak_mb is None
    with pytest.raises(InternalError, match="at least its parts"):
        dataclasses.replace(start, **changes)
