"""A small report."""

import numpy as np
import pytest

from edgedf.metrics import Evaluation, evaluate
from edgedf.report import DataInfo, Environment, ModelResult, Report


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
