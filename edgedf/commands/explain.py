"""`edgedf explain`: pictures."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.model import shipped
from edgedf.commands.options import Out
from edgedf.programs import Result, run


def explain(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    out: Out = Path("explained"),
    model: Annotated[
        Path | None, typer.Option(help="Bundle or run; by default the student that comes with edgedf.")
    ] = None,
) -> Result:
    """Why faces of photos, or square pictures that are face crops, were called real or fake: where, in which bands."""
    return run("benchmarks/explain.py", paths, model=model or shipped(), out=out)
