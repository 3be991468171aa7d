"""`edgedf export`: from a run to a bundle."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import FitPrevalence, MaybeData, MaybeSplit, Rule
from edgedf.programs import Result, run


def export(
    source: Annotated[
        Path | None,
        typer.Argument(help="Run or bundle; by default the newest student below ./runs, or else the one of edgedf."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Bundle to write; a source that is a bundle by default.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="Runtime to export for: onnx (default), openvino, ncnn or tensorrt; may be repeated."),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Make INT8 artefacts too.")] = False,
    calibration: Annotated[
        Path | None, typer.Option(help="Dataset to calibrate INT8 on, its train split; that of --data by default.")
    ] = None,
    method: Annotated[str, typer.Option(help="Calibration: minmax, percentile, entropy, training or auto.")] = "auto",
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Leave layers in floating point where INT8 fails the gate.")
    ] = False,
    sm: Annotated[
        list[int] | None,
        typer.Option(help="Compute capability (86) to build for ahead of time, as a check; may be repeated."),
    ] = None,
    data: MaybeData = None,
    split: MaybeSplit = None,
    threshold_rule: Rule = None,
    prevalence: FitPrevalence = None,
    spdx: Annotated[
        str | None, typer.Option("--license", help="Licence of the weights, an SPDX expression for manifest and card.")
    ] = None,
    about: Annotated[
        Path | None, typer.Option(help="Markdown for the card: training data, intended use, where it fails.")
    ] = None,
) -> Result:
    """Make a bundle from a run, or add to one: each artefact is measured before it is written."""
    return run(
        "export/export.py",
        source,
        out=out,
        targets=target or ["onnx"],
        int8=int8,
        calibration=calibration,
        method=method,
        mixed=mixed,
        capabilities=sm or [],
        data=data,
        split=split,
        rule=threshold_rule,
        prevalence=prevalence,
        spdx=spdx,
        about=about,
    )
