"""`edgedf explanations`: whether those of `edgedf explain` can be believed."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import Data, Out, Split
from edgedf.programs import Result, run


def explanations(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="Bundles and runs to compare.")],
    data: Data,
    out: Out = Path("explanations"),
    split: Split = "val",
    count: Annotated[int, typer.Option(min=2, help="Faces forged from reals, and as many pairs.")] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> Result:
    """How far explanations can be believed: against what was forged, the centre of the crop, and chance."""
    return run("benchmarks/explanations.py", models, data=data, out=out, split=split, count=count, seed=seed)
