"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgedf import console
from tests.fake_gpu import FakeGpu


@pytest.fixture
def real_data() -> Path:
    """Folder of the research data; the test is skipped where `EDGEDF_DATA` does not name it."""
    if not (folder := os.environ.get("EDGEDF_DATA")):
        pytest.skip("EDGEDF_DATA is not set")
    return Path(folder)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeGpu:
    """A machine with a GPU, with TensorRT on it, and with nothing in edgedf's cache."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "cache"))
    machine = FakeGpu()
    machine.install(monkeypatch)
    return machine


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test writes to the user's cache or leaves JSON mode on."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    yield
    console.use_json(False)
