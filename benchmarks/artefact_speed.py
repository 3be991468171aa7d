"""What INT8 is worth on this machine: `python benchmarks/artefact_speed.py BUNDLE`.

Every artefact of a bundle that runs here, MobileNetV2 in the same four forms, and the B3 teacher in floating point:
one face a call, one thread, all in turns in one run. A Markdown table, with each INT8 form against its float one.
"""

from pathlib import Path
from typing import Any

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.deploy.forms import Form, bundle_forms, graph_forms, time_forms
from edgedf.deploy.peers import TEACHER, peer_graph
from edgedf.guard import run_alone
from edgedf.markdown import table
from edgedf.report import Environment


def main(bundle: Path, *, peers: list[str] | None = None, rounds: int = 30) -> dict[str, Any]:
    """Prints the table and returns its rows.

    Args:
        bundle: Its artefacts are timed.
        peers: Names of `edgedf.deploy.peers`, by default MobileNetV2 and the B3 teacher; INT8 forms are made of all but
            the teacher.
        rounds: Turns of each.
    """
    forms = bundle_forms(open_bundle(bundle))
    for peer in peers or ["mobilenet_v2", TEACHER]:
        forms |= graph_forms(peer, peer_graph(peer), int8=peer != TEACHER)
    found = time_forms(forms, rounds)
    rows: list[dict[str, Any]] = []
    for form, latency in found.items():
        rows.append(form._asdict() | {"p50_ms": latency.latency_ms_p50, "p95_ms": latency.latency_ms_p95})
        rows[-1]["against_float"] = _gain(form, {one: other.latency_ms_p50 for one, other in found.items()})
    here = Environment.here()
    say(f"{here.cpu}, {here.cores} cores, {', '.join(here.features)}; one thread, one face a call\n")
    say(table(("network", "runtime", "precision", "p50 ms", "p95 ms", "times its float form"), map(_cells, rows)))
    return {"rows": rows}


def _gain(form: Form, medians: dict[Form, float]) -> float | None:
    """How many times faster an INT8 form is than the network in floating point in the same runtime."""
    if not form.int8:
        return None
    floats = [
        ms for one, ms in medians.items() if (one.network, one.backend) == (form.network, form.backend) and not one.int8
    ]
    return floats[0] / medians[form] if floats else None


def _cells(row: dict[str, Any]) -> list[str]:
    gain = f"{row['against_float']:.2f}" if row["against_float"] else ""
    return [row["network"], row["backend"], row["precision"], f"{row['p50_ms']:.2f}", f"{row['p95_ms']:.2f}", gain]


if __name__ == "__main__":
    run_alone(main)
