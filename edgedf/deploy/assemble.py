"""Puts judged artefacts into a bundle, beside those of the same network that it has already."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import (
    CARD,
    GOLDEN,
    MANIFEST,
    Artefact,
    Bundle,
    InputContract,
    Manifest,
    open_bundle,
    pack_golden,
    write_bundle,
)
from edgedf.console import say
from edgedf.deploy.card import model_card
from edgedf.deploy.golden import CANDIDATES, choose_golden, drawn_crops
from edgedf.deploy.judging import Judged
from edgedf.deploy.source import Source, float_artefact
from edgedf.deploy.targets import FLOAT
from edgedf.faces.crop import CropRule
from edgedf.files import sha256
from edgedf.locks import alone
from edgedf.runtime.backends import BACKENDS, run_in_batches
from edgedf.runtime.engine import scores

# How far a golden score may be off: another CPU or version moves an FP32 score less, a wrong kernel or channel order
# more; INT8 rounds otherwise on another CPU, and a simulated graph on its device.
FP32, OTHER = 1e-3, 0.03


def assemble(out: Path, source: Source, judged: Sequence[Judged], about: dict[str, Any], split: str) -> Manifest:
    """Writes a bundle whole or not at all.

    Args:
        out: Its folder. Artefacts there stay if they are of the same FP32 graph and not made anew.
        source: What the artefacts are made from.
        judged: At least one artefact, the FP32 graph among them.
        about: What the provenance says of the faces that the artefacts were fitted and calibrated on.
        split: That they were judged on.
    """
    with alone(out.absolute().parent):  # of two exports to one bundle, the later one keeps what the other made
        return _assemble(out, source, judged, about, split)


def _assemble(out: Path, source: Source, judged: Sequence[Judged], about: dict[str, Any], split: str) -> Manifest:
    old = _same_network(out, source)
    kept = [] if old is None else [one for one in old.manifest.artefacts if one.file not in _files(judged)]
    _tell_untuned(out, kept)
    crops = choose_golden(judged[0].backend, drawn_crops(CANDIDATES)) if old is None else _golden_crops(old)
    golden = {one.file: old.golden(one)[1] for one in kept if old is not None}
    golden |= {one.built.file: _scores(one, crops) for one in judged}
    contents = {GOLDEN: pack_golden(crops, golden)} | _models(old, kept, judged)
    artefacts = sorted([*kept, *(_artefact(one, source, split) for one in judged)], key=_place)
    main = {one.file for one in artefacts}
    manifest = Manifest(
        name=out.name.removesuffix(".edgedf"),
        architecture=source.architecture,
        input=InputContract(CropRule().to_dict()),
        artefacts=artefacts,
        files={name: sha256(data) for name, data in contents.items() if name not in main},
        provenance=source.provenance | about,
        temporal=old.manifest.temporal if old else None,
    )
    card = model_card(manifest).encode()
    manifest = replace(manifest, files=manifest.files | {CARD: sha256(card)})
    write_bundle(out, manifest, {**contents, CARD: card})
    return manifest


def _models(old: Bundle | None, kept: Sequence[Artefact], judged: Sequence[Judged]) -> dict[str, bytes]:
    """Files of the artefacts that stay and of the new ones, by name, and their weights where these are apart."""
    files: dict[str, bytes] = {}
    if old is not None:
        for one in kept:
            files |= {one.file: old.read(one)} | ({one.weights: old.weights(one)} if one.weights else {})
    for new in judged:
        built = new.built
        files |= {built.file: built.model} | ({built.weights_file: built.weights} if built.weights_file else {})
    return files


def _same_network(out: Path, source: Source) -> Bundle | None:
    """The bundle at `out`, if it is of the same FP32 graph."""
    if not (out / MANIFEST).is_file():
        return None
    bundle = open_bundle(out)
    there = float_artefact(bundle)
    return bundle if there and there.sha256 == sha256(source.graph) else None


def _tell_untuned(out: Path, kept: Sequence[Artefact]) -> None:
    """Says which artefacts at `out` lose what `bundle tune` fitted: it is of the files that are made anew."""
    there = open_bundle(out).manifest.artefacts if (out / MANIFEST).is_file() else []
    if lost := [one.file for one in there if one.site and one not in kept]:
        say(f"{', '.join(lost)}: made anew, so the site's threshold is gone: run  edgedf bundle tune {out}  again")


def _files(judged: Sequence[Judged]) -> set[str]:
    return {one.built.file for one in judged}


def _golden_crops(bundle: Bundle) -> NDArray[np.uint8]:
    return bundle.golden(bundle.manifest.artefacts[0])[0]


def _scores(judged: Judged, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    return scores(run_in_batches(judged.backend, crops).logit[:, 0], judged.point.temperature)


def _artefact(judged: Judged, source: Source, split: str) -> Artefact:
    built, point, gate = judged.built, judged.point, judged.gate
    # Without faces FP32 keeps the threshold of the source, and so what was measured with it.
    metrics: dict[str, Any] = source.metrics if built.file == FLOAT else {}
    if point.evaluation:
        metrics = {"split": split, "evaluation": point.evaluation.to_dict()}
    if gate:
        metrics["gate"] = gate.summary() | {"simulated, pending device": judged.simulated}
    return Artefact(
        file=built.file,
        sha256=sha256(built.model),
        backend=built.backend,
        precision=built.precision,
        threshold=point.threshold,
        rule=point.rule,
        temperature=point.temperature,
        tolerance=FP32 if built.precision == "fp32" else OTHER,
        metrics=metrics,
        needs=built.needs,
        weights=built.weights_file,
    )


def _place(artefact: Artefact) -> tuple[int, bool]:
    """Where nothing is measured, the first that works is used: of each backend INT8 before floating point."""
    return BACKENDS.index(artefact.backend), "int8" not in artefact.precision
