"""The shipped student is as much faster than MobileNetV2 as it was: a ratio of one run, which a busy machine leaves."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from edgedf.deploy.peers import peer_graph
from edgedf.machine import cpu_features
from edgedf.metrics import change
from edgedf.programs import root
from edgedf.runtime.backends import load_backend
from edgedf.runtime.timing import measure, noise_crops
from edgedf.shipped import DEFAULT_STUDENT

BASELINE = json.loads((root() / "benchmarks" / "baselines" / "student.json").read_text())
CROP = noise_crops(1)

pytestmark = pytest.mark.skipif(
    not {*BASELINE["features"]} <= {*cpu_features()}, reason="the baseline is of CPUs with other features"
)


@pytest.fixture(scope="module")
def backends() -> dict[str, Callable[[], object]]:
    graphs = {"student": Path(DEFAULT_STUDENT, BASELINE["artefact"]).read_bytes(), "peer": peer_graph(BASELINE["peer"])}
    return {name: partial(load_backend("onnxruntime", graph, 1).run, CROP) for name, graph in graphs.items()}


def ratio(student: Callable[[], object], peer: Callable[[], object]) -> float:
    """Time of the student in that of the peer, of the rounds that nothing disturbed."""
    found = measure({"student": student, "peer": peer}, rounds=15, turn_s=0.03)
    return 1 + change(found["peer"].rounds_ms, found["student"].rounds_ms).value


def test_the_student_is_no_slower_than_its_baseline(backends: dict[str, Callable[[], object]]) -> None:
    found = ratio(backends["student"], backends["peer"])
    print(f"ratio {found:.4f}")
    assert found <= BASELINE["most"]


def test_a_student_of_half_the_speed_is_found(backends: dict[str, Callable[[], object]]) -> None:
    student = backends["student"]

    def slower() -> None:
        student()
        student()

    assert ratio(slower, backends["peer"]) > BASELINE["most"]
