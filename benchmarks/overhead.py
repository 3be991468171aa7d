"""What the Engine adds to the bare call of its runtime: `python benchmarks/overhead.py BUNDLE`.

Both run the same bytes with the same options on the same crop, in turn.
"""

from pathlib import Path
from typing import Any

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.guard import run_alone
from edgedf.runtime import Engine
from edgedf.runtime.backends import onnxruntime
from edgedf.runtime.onnx_contract import INPUT
from edgedf.runtime.timing import measure, noise_crops


def main(bundle: Path, *, rounds: int = 1000) -> dict[str, Any]:
    """Measures one thread at batch 1.

    Args:
        bundle: Its artefact for ONNX Runtime is measured.
        rounds: Turns of each of the two calls.

    Returns:
        Both medians in milliseconds and the share that the Engine adds.
    """
    crop = noise_crops(1)
    with Engine.load(bundle, backend="onnxruntime", threads=1) as engine:
        session = onnxruntime.load(open_bundle(bundle).read(engine.artefact), threads=1).session
        calls = {
            "session": lambda: session.run(None, {INPUT: crop}),
            "engine": lambda: engine.predict(crop),
        }
        found = measure(calls, rounds=rounds, turn_s=0)  # one call a turn: both meet the same moods
    bare, ours = found["session"].latency_ms_p50, found["engine"].latency_ms_p50
    say(f"session.run {bare:.4f} ms, Engine.predict {ours:.4f} ms: {100 * (ours / bare - 1):+.1f} %")
    return {"session_ms_p50": bare, "engine_ms_p50": ours, "overhead_share": ours / bare - 1}


if __name__ == "__main__":
    run_alone(main)
