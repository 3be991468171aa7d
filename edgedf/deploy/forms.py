"""The forms of a network, each runtime in floating point and INT8, timed side by side."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from edgedf.bundle import Bundle
from edgedf.console import say
from edgedf.deploy.calibration import METHODS, Sample, record
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.targets import TARGETS, Built
from edgedf.errors import UnavailableError
from edgedf.extras import need
from edgedf.files import sha256
from edgedf.runtime.backends import Backend, load_backend
from edgedf.runtime.timing import Latency, measure

CROPS = 32  # drawn faces that INT8 is calibrated on where only its speed matters
CPU_TARGETS = ("onnx", "openvino")
ROUNDS = 5  # tell which runtime is the faster


class Form(NamedTuple):
    """A network in one runtime and precision."""

    network: str
    backend: str
    precision: str

    @property
    def int8(self) -> bool:
        """Whether it computes in INT8."""
        return "int8" in self.precision


class Loaded(NamedTuple):
    """A form that is ready to run on one thread, and the size of its files."""

    backend: Backend
    size_mb: float


def bundle_forms(bundle: Bundle) -> dict[Form, Loaded]:
    """Every artefact of a bundle whose runtime is here."""
    found = {}
    for one in bundle.manifest.artefacts:
        model, weights = bundle.read(one), bundle.weights(one)
        try:
            backend = load_backend(one.backend, model, 1, weights, one.precision)
        except UnavailableError as error:
            say(f"{one.file} is not timed: {error}")
        else:
            found[Form(bundle.manifest.name, one.backend, one.precision)] = _loaded(backend, model, weights)
    return found


def graph_forms(name: str, graph: bytes, *, int8: bool = True) -> dict[Form, Loaded]:
    """What an FP32 graph becomes for the runtimes of CPUs.

    Args:
        name: Of the network.
        graph: ONNX file with a bundle's input and outputs.
        int8: INT8 too, calibrated on drawn faces: it is as fast as on others, and of no other worth.

    Raises:
        MissingExtraError: A package of the `export` or `openvino` extra is missing.
    """
    return {Form(name, one.backend, one.precision): _load(one) for one in _built(name, graph, CPU_TARGETS, int8=int8)}


def fastest_forms(name: str, graph: bytes, *, int8: bool = True) -> list[Built]:
    """What an FP32 graph becomes for the runtime that runs it the fastest here, of those for CPUs that are here.

    Args:
        name: Of the network.
        graph: ONNX file with a bundle's input and outputs.
        int8: The fastest in INT8 beside the fastest in floating point, calibrated as in `graph_forms`.

    Raises:
        MissingExtraError: A package of the `export` extra is missing.
    """
    built = _built(name, graph, [target for target in CPU_TARGETS if _is_here(target)], int8=int8)
    timed = time_forms({Form(name, one.backend, one.precision): _load(one) for one in built}, ROUNDS)
    medians = {form: latency.latency_ms_p50 for form, latency in timed.items()}
    best = {form.int8: form for form in sorted(medians, key=lambda form: -medians[form])}  # the last one stays
    return [one for one in built if Form(name, one.backend, one.precision) in best.values()]


def _is_here(target: str) -> bool:
    try:
        need(target, target)
    except UnavailableError as error:
        say(f"peers are timed without {target}: {error}")
        return False
    return True


def _built(name: str, graph: bytes, targets: Sequence[str], *, int8: bool) -> list[Built]:
    built = [TARGETS[target].whole(graph) for target in targets]
    if int8:
        crops = drawn_crops(CROPS)
        seen = record(graph, Sample(crops, 0, [sha256(crops.tobytes())], name)).of(METHODS[0])
        built += [TARGETS[target].int8(graph, seen, ()) for target in targets]
    return built


def _load(one: Built) -> Loaded:
    return _loaded(load_backend(one.backend, one.model, 1, one.weights, one.precision), one.model, one.weights)


def _loaded(backend: Backend, model: bytes, weights: bytes) -> Loaded:
    return Loaded(backend, (len(model) + len(weights)) / 1e6)


def time_forms(forms: Mapping[Form, Loaded], rounds: int = 30) -> dict[Form, Latency]:
    """Latency of one face a call, all in turns; see `edgedf.runtime.timing.measure`."""
    crop = drawn_crops(1)
    calls: dict[str, Callable[[], object]] = {}
    for index, one in enumerate(forms.values()):
        calls[str(index)] = lambda backend=one.backend: backend.run(crop)  # type: ignore[misc]
    return dict(zip(forms, measure(calls, rounds=rounds).values(), strict=True))
