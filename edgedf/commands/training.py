"""What `train` and `distill` share: their options, and the configuration that these make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from edgedf.errors import ConfigError
from edgedf.programs import config_path

if TYPE_CHECKING:
    from edgedf.training.config import TrainConfig

C = TypeVar("C", bound="TrainConfig")

SeveralData = Annotated[list[Path], typer.Option("--data", help="Dataset folder; may be repeated.")]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the configuration; `python -m pydoc edgedf.training.config` lists them.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Number of epochs.")]
Prevalence = Annotated[float | None, typer.Option(help="Share of fakes to train for.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")]
SkipBroken = Annotated[bool, typer.Option("--skip-broken", help="Leave broken rows and pictures out, each named.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")]


def start_from(out: Path, resume: bool, config: str, default: str) -> str:
    """The configuration to start from: what a run to go on with was started with, or else the named one.

    Raises:
        ConfigError: Both are asked for.
    """
    if not resume:
        return config or default
    if config:
        raise ConfigError("a resumed run keeps its own configuration: leave --config out")
    file = out / "config.toml"
    return str(file) if file.is_file() else default


def read_settings(kind: type[C], folder: str, config: str, changes: list[str] | None, **options: Any) -> C:
    """A configuration from its file, then the options that were given, then `--set`.

    Args:
        kind: Class of the configuration.
        folder: Where shipped configurations of this kind are.
        config: A file of the user's, which has a suffix, or the name of a shipped one.
        changes: "key=value" each.
        options: By key; None where an option was not given.
    """
    from edgedf.training.toml import parse_overrides

    path = Path(config) if Path(config).suffix else config_path(folder, config)
    given = {key: value for key, value in options.items() if value is not None}
    return kind.load(path, given | parse_overrides(changes or []))
