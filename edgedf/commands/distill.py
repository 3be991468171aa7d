"""`edgedf distill`: a student from its teacher."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf.commands.options import Out, Rule
from edgedf.commands.training import (
    Changes,
    Epochs,
    Prevalence,
    Resume,
    Seed,
    SeveralData,
    SkipBroken,
    read_settings,
    start_from,
)
from edgedf.programs import Result, config_names, run


def distill(
    teacher: Annotated[
        Path,
        typer.Option(
            help="Run of the teacher, a file of its weights, or a word: default, the one of a clone; imagenet, to"
            " pretrain a student."
        ),
    ],
    data: SeveralData,
    out: Out,
    config: Annotated[
        str, typer.Option("--config", help=f"A TOML file, or a shipped one: {config_names('student')}.")
    ] = "",
    changes: Changes = None,
    epochs: Epochs = None,
    prevalence: Prevalence = None,
    threshold_rule: Rule = None,
    seed: Seed = None,
    skip_broken: SkipBroken = False,
    resume: Resume = False,
    ablation: Annotated[bool, typer.Option(help="Train the same student without the teacher too.")] = True,
    qat_from: Annotated[
        Path | None, typer.Option(help="Run of a student to continue with fake quantisation: it learns to be INT8.")
    ] = None,
) -> Result:
    """Train the student with a teacher and, to compare, without; pretrain it; or go on until it is good at INT8."""
    from edgedf.training.config import IMAGENET, DistillConfig

    usual = "qat" if qat_from else "pretrain" if str(teacher) == IMAGENET else "small"
    settings = read_settings(
        DistillConfig,
        "student",
        start_from(out, resume, config, usual),
        changes,
        teacher=str(teacher),
        qat_from=qat_from and str(qat_from),
        data=[str(folder) for folder in data],
        epochs=epochs,
        prevalence=prevalence,
        threshold_rule=threshold_rule,
        seed=seed,
        skip_broken=skip_broken or None,
    )
    return run("student/distill.py", settings, out, resume=resume, ablation=ablation)
