"""How far a bundle's artefacts are from what this machine can do: `python benchmarks/roofline.py BUNDLE`.

For each artefact the time of every layer beside the least that it can take, one thread, one face a call: its
multiply-accumulates at the peak of dense convolutions or its bytes at the rate of a copy, whichever takes longer, all
measured in one run. A table of the network's stages, the layers that lose the most, and what is to blame.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgedf.bundle import open_bundle
from edgedf.console import say, table
from edgedf.deploy.roofline import PROFILED, ROUNDS, artefact_roofline
from edgedf.errors import InputError
from edgedf.files import check_folder, write_text
from edgedf.guard import run_alone
from edgedf.metrics.roofline import Roofline
from edgedf.report import Environment
from edgedf.report.roofline import LAYERS, STAGES, finding, notes, roofline_file, stage_rows, worst_rows


def main(bundle: Path, *, backend: str | None = None, out: Path | None = None, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measures every artefact in a few seconds each, and prints what it found.

    Args:
        bundle: Its artefacts for ONNX Runtime and OpenVINO are measured.
        backend: Only those for this one.
        out: Folder for a picture of each, an SVG file of the artefact's name; none is drawn without it.
        rounds: Turns of each call.

    Returns:
        The machine; by file, the roofline (see `Roofline.to_dict`), its finding and notes.

    Raises:
        InputError: No artefact is left, or `out` cannot be written.
        UnavailableError: A runtime is missing.
    """
    if out:
        check_folder(out)
    opened = open_bundle(bundle)
    wanted = [one for one in PROFILED if backend in (None, one)]
    artefacts = [one for one in opened.manifest.artefacts if one.backend in wanted]
    if not artefacts:
        raise InputError(f"{bundle} has no artefact for {backend or PROFILED[0]}: take {' or '.join(PROFILED)}")
    here = Environment.here()
    say(f"{here.cpu}, {', '.join(here.features)}; one thread, one face a call")
    result: dict[str, Any] = {"environment": asdict(here), "rooflines": {}}
    for artefact in artefacts:
        found = artefact_roofline(opened, artefact, rounds)
        _print(found)
        if out:
            write_text(out / f"{artefact.file.replace('/', '-')}.svg", roofline_file(found))
        told = {"finding": finding(found), "notes": notes(found)}
        result["rooflines"][artefact.file] = found.to_dict() | told
    return result


def _print(found: Roofline) -> None:
    peaks = ", ".join(f"{precision} {rate:.1f} GMAC/s" for precision, rate in found.peak.gmac_s.items())
    copies = ", ".join(f"{one.gb_s:.1f} GB/s ({one.moved_bytes / 2**20:g} MiB)" for one in found.peak.copies)
    say(f"\n{found.name} in {found.backend}; peak {peaks}; copies {copies}\n")
    say(table(STAGES, stage_rows(found)) + "\n")
    say(table(LAYERS, worst_rows(found)) + "\n")
    for note in notes(found):
        say(note)
    say(finding(found))


if __name__ == "__main__":
    run_alone(main)
