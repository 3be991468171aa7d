"""Which artefact of a bundle to use: the fastest on this machine, measured once and then remembered.

INT8 beats floating point on one CPU and loses to it on another, and so does one runtime to the next: only a measurement
tells. It is kept in edgedf's cache, under everything that speed depends on.
"""

import json
import platform
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle
from edgedf.errors import BundleError, EdgedfError
from edgedf.files import sha256
from edgedf.forks import forked
from edgedf.machine import PACKAGES, cores, cpu_features, cpu_name, versions
from edgedf.runtime.backends import Backend
from edgedf.runtime.backends.tensorrt import gpu_name
from edgedf.runtime.build_cache import keep, recall
from edgedf.runtime.timing import measure

CACHE = "choices"
BUDGET_S = 0.8  # of all timed calls together; a turn that has begun is finished
TURN_S = 0.01
ROUNDS = 1000  # more than the budget has room for

Load = Callable[[Artefact], Backend]


class Choice(NamedTuple):
    """The artefact to use.

    Attributes:
        artefact: What the manifest says of it.
        backend: The artefact, loaded.
        failed: Why others cannot be used here, by file.
    """

    artefact: Artefact
    backend: Backend
    failed: dict[str, str]

    def notes(self) -> list[str]:
        """What is not used, a line for each reason."""
        files: dict[str, list[str]] = {}
        for file, reason in self.failed.items():
            files.setdefault(reason, []).append(file)
        return [f"{', '.join(some)} {'is' if len(some) == 1 else 'are'} not used: {why}" for why, some in files.items()]


def choose(bundle: Bundle, backend: str, threads: int, load: Load) -> Choice:
    """Chooses an artefact.

    Args:
        bundle: The bundle.
        backend: "auto" for the fastest artefact that works here; a name for the first of that backend's that works; a
            file for that one.
        threads: Threads of one call.
        load: Loads an artefact and checks it.

    Raises:
        BundleError: None works here, or one breaks the contract.
    """
    artefacts = {one.file: one for one in bundle.manifest.artefacts if backend in ("auto", one.backend, one.file)}
    if not artefacts:
        raise BundleError(f"no artefact of {bundle.path} works here: none is made for {backend}")
    if backend == "auto" and len(artefacts) > 1:
        return _fastest(bundle, artefacts, threads, load)
    loaded, errors = load_each(bundle, artefacts.values(), load, most=1)
    [(file, first)] = loaded.items()
    return Choice(artefacts[file], first, {name: str(error) for name, error in errors.items()})


def load_each(
    bundle: Bundle, artefacts: Iterable[Artefact], load: Load, most: int | None = None
) -> tuple[dict[str, Backend], dict[str, EdgedfError]]:
    """Loads artefacts in their order: those that work, and the errors of those that do not, by file.

    Args:
        bundle: Whose artefacts they are.
        artefacts: Some of them.
        load: Loads one and checks it.
        most: Number of working ones that are enough.

    Raises:
        BundleError: None works here, or one breaks the contract.
    """
    loaded: dict[str, Backend] = {}
    failed: dict[str, EdgedfError] = {}
    for one in artefacts:
        if len(loaded) == most:
            break
        try:
            loaded[one.file] = load(one)
        except BundleError as error:
            raise BundleError(f"{bundle.path / one.file} is refused: {error}") from error
        except EdgedfError as error:
            failed[one.file] = error
    if not loaded:
        reasons = "; ".join(f"{file} is not used: {error}" for file, error in failed.items())
        raise BundleError(f"no artefact of {bundle.path} works here: {reasons}")
    return loaded, failed


def _fastest(bundle: Bundle, artefacts: Mapping[str, Artefact], threads: int, load: Load) -> Choice:
    """The artefact that judges one crop in the least time, remembered or measured."""
    key = _key(bundle, threads)
    if (known := _recall(key)) and (artefact := artefacts.get(known[0])):
        with suppress(EdgedfError):  # what fails though it worked once is tried again below, and its failure told
            return Choice(artefact, load(artefact), known[1])
    crop = bundle.golden(bundle.manifest.artefacts[0])[0][:1]

    def warmed(artefact: Artefact) -> Backend:
        backend = load(artefact)
        backend.run(crop)  # a batch of one may need memory, or a graph, of its own
        return backend

    loaded, errors = load_each(bundle, artefacts.values(), warmed)
    failed = {file: str(error) for file, error in errors.items()}
    file = _measured(loaded, crop) if len(loaded) > 1 else next(iter(loaded))
    _remember(key, file, failed)
    return Choice(artefacts[file], loaded[file], failed)


def _measured(loaded: Mapping[str, Backend], crop: NDArray[np.uint8]) -> str:
    """The file of the backend with the lowest median latency."""
    calls = {file: partial(backend.run, crop) for file, backend in loaded.items()}
    found = measure(calls, rounds=ROUNDS, turn_s=TURN_S, warm_up=0, budget_s=BUDGET_S)
    return min(found, key=lambda file: found[file].latency_ms_p50)


def _key(bundle: Bundle, threads: int) -> dict[str, Any]:
    """Everything that the choice depends on."""
    on_gpu = any(one.backend == "tensorrt" for one in bundle.manifest.artefacts)
    return {
        "manifest": sha256(bundle.manifest.to_json().encode()),
        "threads": threads,
        "forked": forked(),
        "cores": cores(),
        "cpu": [cpu_name(), *cpu_features()],
        "gpu": gpu_name() if on_gpu else "",
        "system": platform.platform(),
        "versions": versions(PACKAGES),
    }


def _recall(key: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """The remembered file and why others failed; None where nothing is remembered."""
    kept = recall(CACHE, json.dumps(key))
    if kept is None:
        return None
    file, failed = json.loads(kept)
    return file, failed


def _remember(key: Mapping[str, Any], file: str, failed: Mapping[str, str]) -> None:
    """Keeps a choice; without a cache that can be written it is measured again the next time."""
    keep(CACHE, json.dumps(key), json.dumps([file, failed]).encode())
