"""The index of the commands, in the order in which `edgedf --help` lists them.

A command stands in the module of `edgedf/commands` with the name of its first word: `edgedf data forge` in `data.py`.
"""

from typing import Annotated

import typer

from edgedf import __version__
from edgedf.commands import bundle, data, report
from edgedf.commands.benchmark import benchmark
from edgedf.commands.demo import demo
from edgedf.commands.detect import detect
from edgedf.commands.distill import distill
from edgedf.commands.doctor import doctor
from edgedf.commands.evaluate import evaluate
from edgedf.commands.explain import explain
from edgedf.commands.explanations import explanations
from edgedf.commands.export import export
from edgedf.commands.train import train
from edgedf.commands.watch import watch
from edgedf.guard import add_commands


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"edgedf {__version__}")
        raise typer.Exit


def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A deepfake detector from the training room to the camera."""


app = typer.Typer(callback=common, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
add_commands(app, demo, doctor)
add_commands(app, train, distill, evaluate, export, benchmark)
add_commands(app, detect, watch, explain, explanations)

data_app = typer.Typer(help="Make datasets, and look at them.", no_args_is_help=True)
add_commands(data_app, data.check, data.forge, data.masks, data.audit, data.prepare)
app.add_typer(data_app, name="data")

bundle_app = typer.Typer(help="Look at bundles, and tune them.", no_args_is_help=True)
add_commands(bundle_app, bundle.show, bundle.sign, bundle.verify, bundle.tune, bundle.parity)
app.add_typer(bundle_app, name="bundle")

report_app = typer.Typer(help="Reports of benchmark: what changed, and several devices.", no_args_is_help=True)
add_commands(report_app, report.compare, report.merge)
app.add_typer(report_app, name="report")


def main() -> None:
    """Entry point of the `edgedf` command."""
    app()
