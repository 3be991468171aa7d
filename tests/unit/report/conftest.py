"""A small report, and records of models."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgedf.metrics import Evaluation, evaluate
from edgedf.metrics.attainable import Copy, Layer, Peak
from edgedf.metrics.gpu import GpuTime
from edgedf.metrics.roofline import Kernel, Roofline
from edgedf.report import DataInfo, Environment, ModelResult, Noise, Report
from edgedf.report.measures import AllCores
from edgedf.report.records import Entry, FacesInfo, Judgement, Record, Timing, Training, packed, packed_scores
from tests.recorded_rounds import RECORDED


def judged(quality: float) -> Evaluation:
    """An evaluation of 300 images; a higher quality separates them better."""
    random = np.random.default_rng(0)
    labels = (np.arange(300) % 4 == 0).astype(np.uint8)
    scores = np.clip(random.normal(0.4 + quality * labels, 0.15), 0, 1)
    return evaluate(labels, scores, [f"g{i // 3}" for i in range(300)], threshold=0.5, resamples=100)


def result(name: str, latency_ms: float, quality: float | None) -> ModelResult:
    """A result, of a peer when the quality is None."""
    evaluation = None if quality is None else judged(quality)
    return ModelResult(name, "fp32", "onnxruntime", 1.5, latency_ms, latency_ms * 1.2, 99, evaluation)


def timed(one: ModelResult, rounds_ms: Sequence[float]) -> ModelResult:
    """The result with other rounds, and percentiles that go with them."""
    p50, worst = float(np.median(rounds_ms)), 2 * max(rounds_ms)
    return replace(
        one,
        latency_ms_p50=p50,
        latency_ms_p90=worst,
        latency_ms_p95=worst,
        latency_ms_p99=worst,
        latency_ms_max=worst,
        rounds_ms=rounds_ms,
    )


@pytest.fixture
def report() -> Report:
    """A slow good model, a fast fair one with a name that needs escaping, and a peer."""
    results = [
        result("teacher", 70, 0.4),
        result("student <small>", 2, 0.25),
        result("mobilenet_v2", 14, None),
    ]
    here = Environment("Some CPU", ["avx2"], 2, "Linux x86_64", {"python": "3.11"})
    return Report("A benchmark", "2026-01-02 03:04 UTC", here, 1, results, DataInfo("faces", "val", "ab12" * 16))


def record(name: str = "full", quality: float = 0.3, forge: float = 0.6, seed: int = 0, **changes: Any) -> Record:
    """A student judged on 300 faces of 100 groups; a higher quality separates them better."""
    random = np.random.default_rng(seed)
    labels = (np.arange(300) % 4 == 0).astype(np.uint8)
    groups = np.arange(300) // 3
    scores = np.clip(random.normal(0.3 + quality * labels, 0.15), 0, 1)
    found = evaluate(labels, scores, [str(one) for one in groups], threshold=0.5, prevalence=0.17, resamples=100)
    judgement = Judgement(found, {"swap": found.auc}, None, None, packed_scores(scores))
    settings = {"epochs": 6, "seed": 0, "forge": forge}
    values: dict[str, Any] = {
        "name": name,
        "architecture": {"kind": "student", "size": "small"},
        "parameters": 512_000,
        "training": Training(settings, ["faces"], "", "", 1234.5, 97_328, [0.7] * 6, [0.1, 0.31, 0.35, 0.3, 0.4, 0.38]),
        "ablation_of": "",
        "prevalence": 0.17,
        "faces": [FacesInfo("faces", "val", "ab12" * 16, packed(labels), packed(groups))],
        "entries": [Entry("torch", "fp32", 0.5, [judgement])],
        "timings": [Timing(one, "int8", 0.6, 0.55, 0.61, 99) for one in ("onnxruntime", "openvino")],
        "environment": Environment("Some CPU", ["avx2"], 2, "Linux x86_64", {"python": "3.11"}),
        "revision": "0123456789abcdef",
    }
    return Record(**(values | changes))


@pytest.fixture
def noisy(report: Report) -> Report:
    """The same with rounds as a busy machine gives them: the student as fast as its twin, the teacher 8 % slower."""
    teacher, student, peer = report.results
    (first, again), twin = RECORDED[0].tolist(), replace(student, name="twin")
    results = [timed(student, first), timed(teacher, [1.08 * one for one in first]), timed(twin, again), peer]
    return replace(report, results=results, noise=Noise.of(student.name, first, again, 1e-4))


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """See `record`."""
    return record


SHAPES = {"pixels": 0, "stem": 6_000_000, "stage 1": 10_000_000, "head": 1000}


@pytest.fixture
def roofline() -> Roofline:
    """See `made_roofline`."""
    return made_roofline()


def made_roofline() -> Roofline:
    """Least times of .1 ms for the pixels and, at 100 GMAC/s, .06 and .1 ms; .26 ms in all."""
    layers = [
        Layer(f"node_{stage}", "Conv" if macs else "Transpose", stage, "int8" if macs else "", macs, 0, 0, 0)
        for stage, macs in SHAPES.items()
    ]
    layers = [replace(one, read_bytes=1000 if one.macs else 1_000_000) for one in layers]
    times = dict(zip(SHAPES, (300.0, 80.0, 110.0, 5.0), strict=True))
    kernels = [Kernel(one.name, one.op, one.precision, times[one.stage], one.name) for one in layers]
    kernels.append(Kernel("ReorderInput", "ReorderInput", "f32", 5.0, ""))
    peak = Peak({"int8": 100.0, "f32": 20.0}, [Copy(1 << 19, 50.0), Copy(1 << 28, 10.0)])
    return Roofline("m.int8.onnx", "onnxruntime", peak, layers, kernels, 0.4, 0.6)


@pytest.fixture
def full(report: Report, roofline: Roofline) -> Report:
    """The first of the report's models in depth."""
    teacher, *others = report.results
    assert teacher.evaluation
    deep = replace(
        teacher,
        all_cores=AllCores(8, 12.5, 14.75),
        roofline=replace(roofline, name=teacher.name),
        energy_mj=12.75,
        energy_of="the whole module, rail VDD_IN",
        gpu=[GpuTime(True, 0.81, 0.52, 0.515, 0.473), GpuTime(False, 1.234, 0.987)],
        parts=dict.fromkeys(("size in px: 20 to 40", "skin: <dark>"), teacher.evaluation),
    )
    return replace(report, results=[deep, *others])
