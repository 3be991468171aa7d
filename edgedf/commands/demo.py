"""`edgedf demo`: the whole chain."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import Out
from edgedf.programs import Result, run


def demo(out: Out = Path("demo"), seed: Annotated[int, typer.Option(min=0)] = 0) -> Result:
    """The whole chain on faces it draws itself: train, distill, export, benchmark."""
    return run("benchmarks/demo.py", out, seed=seed)
