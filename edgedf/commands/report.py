"""`edgedf report`: what changed, and several devices."""

from pathlib import Path
from typing import Annotated

import typer

from edgedf import console
from edgedf.commands.options import Out
from edgedf.errors import GateError
from edgedf.programs import Result


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD.json", help="Older report.json.")],
    new: Annotated[Path, typer.Argument(metavar="NEW.json", help="Newer report.json.")],
    fail_on: Annotated[
        str, typer.Option(help="Exit with 1 on a change beyond a bound, such as 'p50>5%, f1<-0.005'.")
    ] = "",
) -> Result:
    """What changed between two reports, beyond their noise."""
    from edgedf.report.bounds import parse_bounds
    from edgedf.report.compare import FIGURES
    from edgedf.report.compare import compare as compare_reports
    from edgedf.report.compare_words import markdown
    from edgedf.report.read import read_report

    bounds = parse_bounds(fail_on, FIGURES)
    found = compare_reports(read_report(old), read_report(new), bounds)
    console.say(markdown(found, str(old), str(new)))
    if found.broken:
        console.emit(found.to_dict())  # what was found is the result, broken or not
        raise GateError("; ".join(found.broken))
    return found.to_dict()


def merge(
    reports: Annotated[list[Path], typer.Argument(metavar="REPORT.json...", help="A report.json of each device.")],
    out: Out = Path("devices"),
) -> Result:
    """Several devices on one page: F1 against latency, one table, CSV; each is named like the folder of its report."""
    from edgedf.files import check_folder
    from edgedf.report.merge import read_devices, rows
    from edgedf.report.merge_page import write_devices

    check_folder(out)
    devices = read_devices(reports)
    paths = write_devices(devices, out)
    console.say(f"{len(devices)} devices: {paths['html']}")
    return {"rows": list(rows(devices)), **{form: str(path) for form, path in paths.items()}}
