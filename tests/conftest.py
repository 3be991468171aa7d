"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgedf import console


@pytest.fixture
def real_data() -> Path:
    """Folder of the research data; the test is skipped where `EDGEDF_DATA` does not name it."""
    if not (folder := os.environ.get("EDGEDF_DATA")):
        pytest.skip("EDGEDF_DATA is not set")
    return Path(folder)


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test writes to the user's cache or leaves JSON mode on."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    yield
    console.use_json(False)
