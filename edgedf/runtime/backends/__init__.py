"""Backends, one file each.

A backend's module has `load(model: bytes, threads: int, weights: bytes, precision: str) -> Backend`. It refuses a
graph with another contract (`BundleError`) before its runtime sees a byte of it, and imports its runtime inside `load`.
"""

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edgedf.errors import EdgedfError, InputError, first_line

# In the order of use where nothing is measured: what works everywhere first.
BACKENDS = ("onnxruntime", "openvino", "ncnn", "tensorrt")
BATCH = 32  # crops a call of a backend: more need more memory and are no faster


class Outputs(NamedTuple):
    """What a model says about N crops.

    Attributes:
        logit: `(N, 1)`, before calibration.
        attention: `(N, h, w)` in [0, 1].
        embedding: `(N, D)`.
    """

    logit: NDArray[np.float32]
    attention: NDArray[np.float32]
    embedding: NDArray[np.float32]


class Backend(Protocol):
    """A model loaded into one runtime, and freed with its last reference."""

    @property
    def notes(self) -> Sequence[str]:
        """What a user is to know of how it was loaded."""

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """Judges crops, RGB `(N, 256, 256, 3)` with N from 1 to `BATCH`. Several threads may call it at once."""


def run_in_batches(backend: Backend, crops: NDArray[np.uint8]) -> Outputs:
    """Runs crops `(N, 256, 256, 3)`, N of at least 1, through a backend, at most `BATCH` a call."""
    if len(crops) <= BATCH:
        return backend.run(crops)
    parts = [backend.run(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)]
    return Outputs(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def load_backend(name: str, model: bytes, threads: int, weights: bytes = b"", precision: str = "") -> Backend:
    """Loads a model into the named runtime.

    Args:
        name: One of `BACKENDS`.
        model: The artefact's file.
        threads: Threads of one call.
        weights: The artefact's second file, where it has one.
        precision: See `Artefact.precision`; the runtime's precision hint is taken from it.

    Raises:
        BundleError: The graph breaks the contract.
        EdgedfError: The runtime is missing or cannot load this model here.
    """
    if name not in BACKENDS:
        raise InputError(f"there is no backend {name!r}: use {', '.join(BACKENDS)}")
    module: Any = importlib.import_module(f"edgedf.runtime.backends.{name}")
    try:
        backend: Backend = module.load(model, threads, weights, precision)
    except EdgedfError:
        raise
    except Exception as error:  # a half-installed runtime or its driver may fail in any way; another can take over
        raise EdgedfError(f"{name} cannot load it ({type(error).__name__}: {first_line(error)})") from error
    return backend
