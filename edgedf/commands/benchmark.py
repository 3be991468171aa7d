"""`edgedf benchmark`: bundles side by side."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import MaybeData, Out, Prevalence, Split
from edgedf.programs import Result, run


def benchmark(
    models: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", help="Bundles to compare.")],
    out: Out = Path("report"),
    data: MaybeData = None,
    split: Split = "val",
    prevalence: Prevalence = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each engine.")] = 1,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="Network such as mobilenet_v2, to time too, or an ONNX file to judge and time."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: batches, a camera's pace, starts and memory.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Every artefact, all cores, rooflines, faces by size, degraded faces.")
    ] = False,
) -> Result:
    """Latency and F1 of the same files, side by side; JSON, Markdown and HTML."""
    return run(
        "benchmarks/benchmark.py",
        models,
        data=data,
        out=out,
        split=split,
        prevalence=prevalence,
        threads=threads,
        peers=peer or [],
        quick=quick,
        full=full,
    )
