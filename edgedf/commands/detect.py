"""`edgedf detect`: photos and videos."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf import console
from edgedf.commands.model import MaybeModel, Trusted, load_engine
from edgedf.errors import ConfigError


def detect(
    paths: Annotated[list[Path], typer.Argument(help="Photos and videos, or folders of them.")],
    model: MaybeModel = None,
    crops: Annotated[bool, typer.Option("--crops", help="The pictures are face crops already.")] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the photos and videos with their faces boxed here.")
    ] = None,
    trusted: Trusted = None,
) -> None:
    """Find the faces in photos and videos and judge each, one line a face; exits with 2 if one could not be judged."""
    from edgedf.runtime.detect import detect as detect_files
    from edgedf.runtime.detect import detect_crops

    if crops and save:
        raise ConfigError("--save boxes the faces that were found, and --crops finds none: leave one of them out")
    with load_engine(model, trusted) as engine:
        for verdict in detect_crops(engine, paths) if crops else detect_files(engine, paths, save):
            console.say(str(verdict))
            console.emit(verdict.to_dict())
