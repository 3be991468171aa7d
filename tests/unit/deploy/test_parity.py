"""Parity: true for the same network, false for any that differs in one output."""

from typing import Any

import numpy as np
import pytest

from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.parity import Parity, compare
from edgedf.nn.detector import Detector
from edgedf.runtime.backends import Backend, Outputs, load_backend


@pytest.fixture(scope="session")
def backend(student_graph: bytes) -> Backend:
    return load_backend("onnxruntime", student_graph, threads=1)


class Altered:
    """A backend that changes one output of another."""

    notes = ()

    def __init__(self, backend: Backend, **changes: float) -> None:
        self.backend = backend
        self.changes = changes

    def run(self, crops: Any) -> Outputs:
        outputs = self.backend.run(crops)
        return outputs._replace(**{name: getattr(outputs, name) + add for name, add in self.changes.items()})


def test_the_exported_student_agrees(student: Detector, backend: Backend) -> None:
    parity = compare(student, backend, drawn_crops(3))
    assert parity, str(parity)
    assert 0 < parity.logit <= 1e-4


@pytest.mark.parametrize("name", ["logit", "attention", "embedding"])
@pytest.mark.parametrize("by", [0.01, np.nan])
def test_an_output_that_is_off_is_seen(student: Detector, backend: Backend, name: str, by: float) -> None:
    parity = compare(student, Altered(backend, **{name: by}), drawn_crops(2))
    assert not parity
    assert f"{name} {getattr(parity, name):.1e}" in str(parity)


def test_a_graph_that_is_wrong_for_one_crop_alone_is_seen(student: Detector, backend: Backend) -> None:
    class WrongAlone(Altered):
        def run(self, crops: Any) -> Outputs:
            return super().run(crops) if len(crops) == 1 else self.backend.run(crops)

    assert not compare(student, WrongAlone(backend, logit=0.01), drawn_crops(2))


def test_bounds_are_inclusive() -> None:
    assert Parity(1e-4, 1e-3, 1e-3)
    assert not Parity(1.1e-4, 0, 0)
