"""The roofline of an artefact: graph, peak, latency and profile, all measured in one run on one thread."""

from collections.abc import Callable
from functools import partial

from edgedf.bundle import Artefact, Bundle
from edgedf.deploy.cost import Costs, layer_costs
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.openvino import Ir, int8_layers
from edgedf.deploy.peak import peak_calls
from edgedf.deploy.profiling import profiler
from edgedf.errors import InputError
from edgedf.metrics.roofline import Roofline
from edgedf.runtime.backends import load_backend
from edgedf.runtime.backends.openvino import hint
from edgedf.runtime.timing import measure

PROFILED = ("onnxruntime", "openvino")  # backends that tell the time of each kernel
ROUNDS, TURN_S = 10, 0.02
LATENCY, PROFILE = "latency", "profile"


def artefact_roofline(bundle: Bundle, artefact: Artefact, rounds: int = ROUNDS) -> Roofline:
    """Measures an artefact of a bundle in a few seconds.

    Args:
        bundle: Which.
        artefact: Of this bundle, for ONNX Runtime or OpenVINO.
        rounds: Turns of each call: the network with and without profiler, convolutions, copies.

    Raises:
        InputError: The bundle lacks the FP32 graph that tells what the layers of an IR do.
        UnavailableError: The runtime is missing or has no profiler here.
    """
    model, weights = bundle.read(artefact), bundle.weights(artefact)
    plain = load_backend(artefact.backend, model, 1, weights, artefact.precision)  # refuses what breaks the contract
    profiled = profiler(artefact.backend, model, weights, artefact.precision)
    costs = _costs(bundle, artefact, model, weights)
    of_peak = peak_calls(artefact.backend, {one.precision for one in costs.layers if one.macs})
    crop = drawn_crops(1)
    calls: dict[str, Callable[[], object]] = {LATENCY: partial(plain.run, crop), PROFILE: partial(profiled.run, crop)}
    found = measure(calls | of_peak.calls, rounds=rounds, turn_s=TURN_S)
    kernels, call_ms = profiled.profile(lambda name: costs.places.get(name, ""))
    return Roofline(
        name=artefact.file,
        backend=artefact.backend,
        peak=of_peak.peak(found),
        layers=costs.layers,
        kernels=kernels,
        latency_ms_p50=found[LATENCY].latency_ms_p50,
        profiled_ms_p50=call_ms,
    )


def _costs(bundle: Bundle, artefact: Artefact, model: bytes, weights: bytes) -> Costs:
    """The layers of an artefact: of its own graph, or of the FP32 graph that an IR was made from."""
    if artefact.backend == "onnxruntime":
        return layer_costs(model)
    graphs = [one for one in bundle.manifest.artefacts if (one.backend, one.precision) == ("onnxruntime", "fp32")]
    if not graphs:
        raise InputError(f"{bundle.path} has no FP32 graph, which tells what the layers of {artefact.file} do")
    return layer_costs(bundle.read(graphs[0]), hint(artefact.precision), int8_layers(Ir(model, weights)))
