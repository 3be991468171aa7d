"""Provenance: what made the bundle, without a path of the machine."""

import json
import subprocess
from pathlib import Path

import numpy
import pytest

import edgedf
from edgedf.deploy import provenance as module
from edgedf.deploy.provenance import git_revision, library_versions, provenance


def test_config_without_its_paths() -> None:
    found = provenance(
        {"seed": 3, "data": ["/home/ann/faces"], "teacher": "/runs/t", "weights": "w.pth", "qat_from": "/runs/s"}
    )
    assert found["config"] == {"seed": 3}
    assert "/" not in json.dumps(found)


def test_versions_of_what_is_installed() -> None:
    versions = library_versions()
    assert versions["numpy"] == numpy.__version__
    assert versions["edgedf"] == edgedf.__version__


def test_a_library_that_is_missing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIBRARIES", ("numpy", "no-such-library"))
    assert set(library_versions()) == {"python", "edgedf", "numpy"}


def test_the_revision_is_the_checkouts_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package installed into another project's repository does not report that project's commit."""
    monkeypatch.setattr(edgedf, "__file__", str(tmp_path / "venv" / "edgedf" / "__init__.py"))
    assert git_revision() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    assert git_revision() is None
    monkeypatch.setattr(edgedf, "__file__", str(tmp_path / "edgedf" / "__init__.py"))
    assert len(git_revision() or "") == 40
