"""The bundle that `detect`, `watch` and `explain` take: the named one, or the student that comes with edgedf."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgedf import console
from edgedf.programs import shipped_student

if TYPE_CHECKING:
    from edgedf.runtime import Engine

MaybeModel = Annotated[Path | None, typer.Option(help="Bundle; by default the student that comes with edgedf.")]
Trusted = Annotated[
    Path | None, typer.Option(metavar="PUBLIC.pem", help="Refuse a bundle that is not signed by this key.")
]


def load_engine(model: Path | None, trusted: Path | None, threads: int | None = None) -> "Engine":
    """Loads it, and says what there is to note."""
    from edgedf.runtime import Engine

    engine = Engine.load(model or shipped(), threads=threads, trusted=trusted)
    for note in engine.notes:
        console.say(f"note: {note}")
    return engine


def shipped() -> Path:
    """The student where no model is named; says which."""
    path = shipped_student()
    console.say(f"model: {path}")
    return path
