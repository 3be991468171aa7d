"""What INT8 is worth on this machine: `python benchmarks/artefact_speed.py BUNDLE`.

Every artefact of a bundle that runs here, MobileNetV2 in the same four forms, and the B3 teacher in floating point:
one face a call, one thread, all in turns in one run. A Markdown table, with each INT8 form against its float one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.deploy.calibration import METHODS, Sample, record
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.peers import TEACHER, peer_graph
from edgedf.deploy.targets import TARGETS, Built
from edgedf.errors import UnavailableError
from edgedf.files import sha256
from edgedf.guard import run_alone
from edgedf.markdown import table
from edgedf.report import Environment
from edgedf.runtime.backends import Backend, load_backend
from edgedf.runtime.timing import measure

CROPS = 32  # drawn faces that a peer is calibrated on: its weights are random, only its speed means something


class Form(NamedTuple):
    """A network in one runtime and precision."""

    network: str
    backend: str
    precision: str


def main(bundle: Path, *, peers: list[str] | None = None, rounds: int = 30) -> dict[str, Any]:
    """Prints the table and returns its rows.

    Args:
        bundle: Its artefacts are timed.
        peers: Names of `edgedf.deploy.peers`, by default MobileNetV2 and the B3 teacher; INT8 forms are made of all but
            the teacher.
        rounds: Turns of each.
    """
    crop = drawn_crops(1)
    backends = _artefacts(bundle)
    for peer in peers or ["mobilenet_v2", TEACHER]:
        backends |= _peer(peer)
    calls: dict[str, Callable[[], object]] = {}
    for index, backend in enumerate(backends.values()):
        calls[str(index)] = lambda backend=backend: backend.run(crop)  # type: ignore[misc]
    found = dict(zip(backends, measure(calls, rounds=rounds).values(), strict=True))
    rows: list[dict[str, Any]] = []
    for form, latency in found.items():
        rows.append(form._asdict() | {"p50_ms": latency.latency_ms_p50, "p95_ms": latency.latency_ms_p95})
        rows[-1]["against_float"] = _gain(form, {one: other.latency_ms_p50 for one, other in found.items()})
    here = Environment.here()
    say(f"{here.cpu}, {here.cores} cores, {', '.join(here.features)}; one thread, one face a call\n")
    say(table(("network", "runtime", "precision", "p50 ms", "p95 ms", "times its float form"), map(_cells, rows)))
    return {"rows": rows}


def _artefacts(path: Path) -> dict[Form, Backend]:
    bundle = open_bundle(path)
    loaded = {}
    for one in bundle.manifest.artefacts:
        try:
            backend = load_backend(one.backend, bundle.read(one), 1, bundle.weights(one), one.precision)
        except UnavailableError as error:
            say(f"{one.file} is not timed: {error}")
        else:
            loaded[Form(bundle.manifest.name, one.backend, one.precision)] = backend
    return loaded


def _peer(name: str) -> dict[Form, Backend]:
    graph = peer_graph(name)
    built = [Built("model.onnx", "onnxruntime", "fp32", graph), TARGETS["openvino"][0](graph)]
    if name != TEACHER:
        crops = drawn_crops(CROPS)
        seen = record(graph, Sample(crops, 0, [sha256(crops.tobytes())], name)).of(METHODS[0])
        built += [TARGETS[target][1](graph, seen, ()) for target in ("onnx", "openvino")]
    return {
        Form(name, one.backend, one.precision): load_backend(one.backend, one.model, 1, one.weights, one.precision)
        for one in built
    }


def _gain(form: Form, medians: dict[Form, float]) -> float | None:
    """How many times faster an INT8 form is than the network in floating point in the same runtime."""
    if "int8" not in form.precision:
        return None
    floats = [
        ms
        for one, ms in medians.items()
        if (one.network, one.backend) == (form.network, form.backend) and "int8" not in one.precision
    ]
    return floats[0] / medians[form] if floats else None


def _cells(row: dict[str, Any]) -> list[str]:
    gain = f"{row['against_float']:.2f}" if row["against_float"] else ""
    return [row["network"], row["backend"], row["precision"], f"{row['p50_ms']:.2f}", f"{row['p95_ms']:.2f}", gain]


if __name__ == "__main__":
    run_alone(main)
