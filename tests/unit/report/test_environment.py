"""The machine of a measurement."""

import pytest

from edgedf.report import Environment
from edgedf.runtime.backends import BACKENDS


def test_this_machine_is_described() -> None:
    here = Environment.here()
    assert here.cpu
    assert here.cores >= 1
    assert {"python", "numpy"} <= here.versions.keys()


def test_the_version_of_every_runtime_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are of that version, the GPU's too."""
    monkeypatch.setattr("edgedf.machine.version", lambda name: "1.0")
    assert {*BACKENDS, "onnxruntime-gpu"} <= Environment.here().versions.keys()
