"""What a bundle says about where it comes from: no path, and no name of a person or machine."""

import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import edgedf
from edgedf.machine import versions

PLACES = ("data", "teacher", "weights", "qat_from")  # keys of a config that hold paths of this machine
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy")


def provenance(config: Mapping[str, Any]) -> dict[str, Any]:
    """Config of the training, revision of the code and versions of the libraries."""
    return {
        "config": {key: value for key, value in config.items() if key not in PLACES},
        "revision": git_revision(),
        "versions": library_versions(),
    }


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that shape an artefact, as far as they are installed."""
    return {"python": platform.python_version(), "edgedf": edgedf.__version__} | versions(LIBRARIES)


def git_revision() -> str | None:
    """Commit of the checkout that edgedf runs from, None for an installed package."""
    root = Path(edgedf.__file__).resolve().parents[1]
    # Without this a package installed into somebody's project would report that project's commit.
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
