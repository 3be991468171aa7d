"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", help="Dataset folder.")]
MaybeData = Annotated[Path | None, typer.Option("--data", help="Dataset folder.")]
Split = Annotated[str, typer.Option(help="Split to use: train, val or test.")]
MaybeSplit = Annotated[str | None, typer.Option(help="Split of --data to use: train, val (default) or test.")]
Prevalence = Annotated[float | None, typer.Option(help="Share of fakes to state precision and F1 at.")]
FitPrevalence = Annotated[
    float | None, typer.Option(help="Share of fakes to choose the threshold for and to state precision and F1 at.")
]
Rule = Annotated[
    str | None,
    typer.Option("--threshold-rule", help="Chooses the threshold: f1, recall=.95, fpr=.01 or cost=10:1."),
]
Out = Annotated[Path, typer.Option("--out", help="Folder to write.")]
