"""What an export starts from: a run, or the FP32 graph of a bundle that another machine began."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import MANIFEST, Artefact, Bundle, open_bundle
from edgedf.console import say
from edgedf.deploy.calibration import Range
from edgedf.deploy.evaluation import Decision
from edgedf.deploy.graph import onnx_from_model
from edgedf.deploy.parity import compare
from edgedf.deploy.provenance import provenance
from edgedf.deploy.qat import trained_statistics
from edgedf.deploy.targets import FLOAT
from edgedf.errors import BundleError, GateError
from edgedf.nn.detector import Detector
from edgedf.nn.quantisation import quantised_convs
from edgedf.runtime.backends import load_backend
from edgedf.runtime.engine import cpus
from edgedf.training.run import Run, open_run


@dataclass(frozen=True)
class Source:
    """A network as its FP32 graph, with what is known about it.

    Attributes:
        name: Of the run or bundle.
        graph: ONNX file.
        architecture: See `Manifest.architecture`.
        provenance: See `Manifest.provenance`.
        threshold: The one that training, or the earlier export, chose.
        temperature: Likewise.
        rule: Chose the threshold.
        prevalence: Share of fakes it was chosen for, None for the data's own.
        metrics: Of the FP32 graph at this threshold, see `Artefact.metrics`; empty for a run.
        trained: Ranges by the dialect that the network was trained in, where it was trained to be INT8.
    """

    name: str
    graph: bytes
    architecture: dict[str, Any]
    provenance: dict[str, Any]
    threshold: float
    temperature: float
    rule: str
    prevalence: float | None
    metrics: dict[str, Any] = field(default_factory=dict)
    trained: dict[str, dict[str, Range]] = field(default_factory=dict)


def open_source(path: Path, crops: NDArray[np.uint8]) -> Source:
    """Opens a run or a bundle.

    Args:
        path: Its folder.
        crops: uint8 (N, 256, 256, 3), on which the graph of a run must agree with its network.

    Raises:
        InputError: It is neither.
        GateError: The exported graph disagrees with the network.
    """
    if (path / MANIFEST).is_file():
        return _of_bundle(open_bundle(path))
    return _of_run(open_run(path), crops)


def _of_bundle(bundle: Bundle) -> Source:
    artefact = float_artefact(bundle)
    if artefact is None:
        raise BundleError(f"{bundle.path} has no {FLOAT} to export from: export the run again")
    return Source(
        name=bundle.manifest.name,
        graph=bundle.read(artefact),
        architecture=bundle.manifest.architecture,
        provenance=bundle.manifest.provenance,
        threshold=artefact.threshold,
        temperature=artefact.temperature,
        rule=artefact.rule,
        prevalence=bundle.manifest.provenance.get("fitted_prevalence"),
        metrics=artefact.metrics,
        trained=bundle.manifest.provenance.get("trained_ranges", {}),
    )


def float_artefact(bundle: Bundle) -> Artefact | None:
    """The FP32 graph of a bundle, that the others are made from."""
    return next((one for one in bundle.manifest.artefacts if one.file == FLOAT), None)


def _of_run(run: Run, crops: NDArray[np.uint8]) -> Source:
    say(f"exporting {run.name} to ONNX")
    kept = run.checkpoint()
    chosen = Decision.of_checkpoint(kept)
    model = run.model()
    graph = _checked_graph(model, crops)
    trained = _trained(model, graph)
    return Source(
        name=run.name,
        graph=graph,
        architecture=architecture(run),
        provenance=provenance(run.config.to_dict())
        | {"trained_on": kept.get("trained_on"), "fitted_on": chosen.fitted_on, "fitted_prevalence": chosen.prevalence}
        | ({"trained_ranges": trained} if trained else {}),
        threshold=kept["threshold"],
        temperature=1.0,
        rule=kept["rule"],
        prevalence=run.config.prevalence or None,
        trained=trained,
    )


def architecture(run: Run) -> dict[str, Any]:
    """What network a run has trained, see `Manifest.architecture`."""
    keys = {"teacher": ("trunk", "image_size", "frequency"), "student": ("size",), "baseline": ()}[run.kind]
    return {"kind": run.kind, **{key: getattr(run.config, key) for key in keys}}


def _trained(model: Detector, graph: bytes) -> dict[str, dict[str, Range]]:
    """See `Source.trained`."""
    convs = quantised_convs(model)
    return {convs[0].dialect.name: trained_statistics(model, graph).ranges} if convs else {}


def _checked_graph(model: Detector, crops: NDArray[np.uint8]) -> bytes:
    """The FP32 ONNX file, of which a session agrees with the network, without fake quantisation where it has that."""
    graph = onnx_from_model(model)
    parity = compare(model.fused(), load_backend("onnxruntime", graph, cpus()), crops)
    say(f"torch against ONNX Runtime, {parity}")
    if not parity:
        raise GateError(f"the exported graph disagrees with the network, {parity}")
    return graph
