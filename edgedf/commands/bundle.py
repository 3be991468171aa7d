"""`edgedf bundle`: look at bundles, and tune them."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from edgedf import console
from edgedf.commands.options import FitPrevalence, MaybeData, MaybeSplit, Rule
from edgedf.errors import GateError
from edgedf.programs import Result, run

BundlePath = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Bundle folder.")]


def show(bundle: BundlePath) -> Result:
    """What is in a bundle."""
    from edgedf.bundle import open_bundle

    manifest = open_bundle(bundle).manifest
    rows = [
        [one.file, one.backend, one.precision, f"{one.threshold:.4f}", one.rule, f"{one.temperature:.3f}"]
        for one in manifest.artefacts
    ]
    console.say(manifest.name)
    header = ["artefact", "backend", "precision", "threshold", "chosen by", "temperature"]
    console.say(console.table(header, rows))
    if tuned := [(one.file, one.site) for one in manifest.artefacts if one.site]:
        console.say("\ntuned to a site, in use in place of the above:")
        rows = [[file, f"{site.threshold:.4f}", site.rule, f"{site.temperature:.3f}"] for file, site in tuned]
        console.say(console.table(["artefact", "threshold", "chosen by", "temperature"], rows))
    return manifest.to_dict()


def sign(
    bundle: BundlePath,
    key: Annotated[Path, typer.Option(metavar="PRIVATE.pem", help="Private key, on an elliptic curve.")],
) -> Result:
    """Sign a bundle, so that who has the public key can tell that it is yours and unchanged."""
    from edgedf.bundle import SIGNATURE, sign_bundle

    sign_bundle(bundle, key)
    console.say(f"wrote {bundle / SIGNATURE}")
    return {"bundle": str(bundle), "signature": str(bundle / SIGNATURE)}


def verify(
    bundle: BundlePath,
    key: Annotated[
        Path | None, typer.Option(metavar="PUBLIC.pem", help="Public key that the bundle must be signed by.")
    ] = None,
) -> Result:
    """Check every file, and replay the golden vectors of every artefact whose runtime is here."""
    from edgedf.bundle import SIGNATURE
    from edgedf.runtime.verify import verify as verified

    found = verified(bundle, key)
    told = ["replayed" if one.replayed else f"hash and contract only: {one.reason}" for one in found]
    rows = [[one.file, one.backend, text] for one, text in zip(found, told, strict=True)]
    console.say(console.table(["artefact", "backend", "golden scores"], rows))
    console.say(f"{bundle} is sound{f' and signed by {key}' if key else ''}")
    if not key and (bundle / SIGNATURE).is_file():
        console.say("its signature was not checked: give the public key with --key")
    return {"bundle": str(bundle), "signed_by": key and str(key), "artefacts": [one._asdict() for one in found]}


def tune(
    bundle: BundlePath,
    data: MaybeData = None,
    split: MaybeSplit = None,
    threshold_rule: Rule = None,
    prevalence: FitPrevalence = None,
    undo: Annotated[bool, typer.Option("--undo", help="Go back to the shipped thresholds.")] = False,
) -> Result:
    """Fit threshold and temperature to a site, on its own faces; the shipped ones stay beside them."""
    program = "export/tune.py"
    return run(program, bundle, data=data, split=split, rule=threshold_rule, prevalence=prevalence, undo=undo)


def parity(bundle: BundlePath) -> Result:
    """Outputs of every artefact beside those of FP32, on drawn faces, and the first layer that departs."""
    from edgedf.bundle import open_bundle
    from edgedf.deploy.golden import CANDIDATES, drawn_crops
    from edgedf.deploy.side_by_side import side_by_side
    from edgedf.runtime.engine import cpus

    found = side_by_side(open_bundle(bundle), drawn_crops(CANDIDATES), cpus())
    rows = [
        [
            one.file + (" (simulated)" if one.simulated else ""),
            d.name,
            f"{d.largest:.2e}",
            f"{d.mean:.2e}",
            f"{d.cosine:.6f}",
            f"{one.score:.4f}",
        ]
        for one in found
        for d in one.differences
    ]
    console.say(console.table(["against FP32", "output", "largest", "mean", "cosine", "change of score"], rows))
    for one in found:
        first = one.departure
        where = f"at {first.layer}, relative error {first.error:.3f}" if first else "nowhere"
        console.say(f"{one.file} departs {where}")
    result = {"bundle": str(bundle), "artefacts": [asdict(one) for one in found]}
    if off := [one.file for one in found if not one]:
        console.emit(result)  # what was found is the result, far off or not
        raise GateError(f"{', '.join(off)}: scores are further from FP32 than rounding explains: export again")
    return result
