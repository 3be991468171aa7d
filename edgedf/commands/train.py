"""`edgedf train`: without a teacher."""

from enum import StrEnum
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


class Role(StrEnum):
    """What `train` can train."""

    TEACHER = "teacher"
    BASELINE = "baseline"
    STUDENT = "student"


def train(
    role: Annotated[Role, typer.Argument(help="What to train.")],
    data: SeveralData,
    out: Out,
    config: Annotated[
        str,
        typer.Option(
            "--config", help=f"A TOML file, or a shipped one: {config_names('teacher')}; ROLE's when not given."
        ),
    ] = "",
    changes: Changes = None,
    epochs: Epochs = None,
    prevalence: Prevalence = None,
    threshold_rule: Rule = None,
    weights: Annotated[Path | None, typer.Option(help="Run, or file of weights, to start from.")] = None,
    seed: Seed = None,
    skip_broken: SkipBroken = False,
    resume: Resume = False,
) -> Result:
    """Train the teacher, the MobileNetV2 baseline, or the student without a teacher."""
    from edgedf.training.config import TrainConfig

    settings = read_settings(
        TrainConfig,
        "teacher",
        start_from(out, resume, config, role),
        changes,
        role=role.value,
        data=[str(folder) for folder in data],
        epochs=epochs,
        prevalence=prevalence,
        threshold_rule=threshold_rule,
        weights=weights and str(weights),
        seed=seed,
        skip_broken=skip_broken or None,
    )
    return run("teacher/train.py", settings, out, resume=resume)
