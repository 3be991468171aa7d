"""`edgedf evaluate`: what one model is worth."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import Data, Prevalence, Rule, Split
from edgedf.programs import Result, run


def evaluate(
    model: Annotated[Path, typer.Argument(help="Run or bundle.")],
    data: Data,
    split: Split = "val",
    threshold_rule: Rule = None,
    prevalence: Prevalence = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="By size, sharpness and (guessed) skin tone of the faces, too.")
    ] = False,
    card: Annotated[bool, typer.Option("--card", help="Keep the figures in the bundle's model card.")] = False,
) -> Result:
    """F1, precision, recall, AUC and the confusion matrix, with 95 % intervals."""
    program = "benchmarks/evaluate.py"
    return run(program, model, data, split=split, rule=threshold_rule, prevalence=prevalence, slices=slices, card=card)
