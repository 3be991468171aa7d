"""What the attention map costs a live camera: `python benchmarks/map_cost.py BUNDLE`.

The same graph with and without that output, on the same crop, in turn; and the map brought to the crop's size.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.explain.maps import upsampled
from edgedf.extras import need
from edgedf.guard import run_alone
from edgedf.runtime.backends.onnxruntime import session_options
from edgedf.runtime.onnx_contract import INPUT
from edgedf.runtime.timing import measure, noise_crops

MAP = "attention"


def main(bundle: Path, *, rounds: int = 1000) -> dict[str, Any]:
    """Measures one thread at batch 1, every artefact for ONNX Runtime.

    Args:
        bundle: Of which.
        rounds: Turns of each call.

    Returns:
        By artefact: medians in milliseconds without and with the map and of enlarging it, and the share that the
        map's output adds.
    """
    opened = open_bundle(bundle)
    crop = noise_crops(1)
    small = np.random.default_rng(0).random((16, 16), np.float32)
    result = {}
    for artefact in (one for one in opened.manifest.artefacts if one.backend == "onnxruntime"):
        graph = opened.read(artefact)
        calls: dict[str, Callable[[], object]] = {
            "without": partial(_session(_without_map(graph)).run, None, {INPUT: crop}),
            "with": partial(_session(graph).run, None, {INPUT: crop}),
            "enlarging": partial(upsampled, small),
        }
        found = {name: one.latency_ms_p50 for name, one in measure(calls, rounds=rounds, turn_s=0).items()}
        share = found["with"] / found["without"] - 1
        say(
            f"{artefact.file}: without the map {found['without']:.4f} ms, with it {found['with']:.4f} ms: "
            f"{100 * share:+.1f} %; enlarging it to the crop takes {found['enlarging']:.4f} ms"
        )
        result[artefact.file] = {**{f"{name}_ms_p50": value for name, value in found.items()}, "share": share}
    return result


def _session(graph: bytes) -> Any:
    options = session_options(threads=1)  # the engine's own: what a camera runs
    return need("onnxruntime", "all").InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _without_map(graph: bytes) -> bytes:
    """The graph with one output less; what only that one needs is left out by the runtime."""
    model = need("onnx", "export").load_from_string(graph)
    [unwanted] = [one for one in model.graph.output if one.name == MAP]
    model.graph.output.remove(unwanted)
    return bytes(model.SerializeToString())


if __name__ == "__main__":
    run_alone(main)
