"""Runs built artefacts in their own runtimes and lets the gate judge them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.evaluation import logits
from edgedf.deploy.gate import Gate, judge
from edgedf.deploy.operating_point import OperatingPoint, fit_operating_point
from edgedf.deploy.source import Source
from edgedf.deploy.targets import FLOAT, Built
from edgedf.runtime.backends import Backend, load_backend, onnxruntime, tensorrt
from edgedf.runtime.engine import cpus


class Judged(NamedTuple):
    """An artefact, loaded and judged.

    Attributes:
        built: The artefact.
        backend: What ran it.
        point: How its logits become verdicts.
        gate: None for FP32, and where there were no faces to judge on.
        simulated: Whether ONNX Runtime stood in for a runtime that needs a device.
    """

    built: Built
    backend: Backend
    point: OperatingPoint
    gate: Gate | None
    simulated: bool = False

    @property
    def flips(self) -> float:
        """Share of verdicts that are not those of FP32; 0 where nothing was judged."""
        return 0.0 if self.gate is None else self.gate.flips


@dataclass
class Judge:
    """Judges the artefacts of one source on one split.

    Attributes:
        source: What they are made from.
        faces: The gate's split; None leaves everything unmeasured.
        bounds: Of the gate.
    """

    source: Source
    faces: PackedFaces | None
    bounds: Bounds

    def __post_init__(self) -> None:
        """Runs FP32, against which the others are judged."""
        self.backend = load_backend("onnxruntime", self.source.graph, cpus())
        self.logit = None if self.faces is None else logits(self.backend, self.faces, FLOAT)

    def reference(self) -> Judged:
        """The FP32 graph; its threshold is chosen by the rule."""
        source = self.source
        built = Built(FLOAT, "onnxruntime", "fp32", source.graph)
        if self.faces is None or self.logit is None:
            say("warning: no data given: temperature and threshold are not fitted to the exported file")
            return Judged(built, self.backend, self._given(), None)
        faces = self.faces
        point = fit_operating_point(faces.labels, self.logit, faces.groups, source.rule, source.prevalence)
        return Judged(built, self.backend, point, None)

    def artefact(self, built: Built) -> Judged:
        """One artefact; without faces it keeps the source's threshold."""
        backend, pending = load_or_simulate(built.backend, built.model, cpus(), built.weights, built.precision)
        if isinstance(backend, tensorrt.TensorRt):
            built = _with_engine(built, backend)
        source = self.source
        if self.faces is None or self.logit is None:
            return Judged(built, backend, self._given(), None, pending)
        found = logits(backend, self.faces, built.file)
        gate = judge(self.faces, self.logit, found, source.rule, source.prevalence, self.bounds)
        point = OperatingPoint(gate.temperature, gate.threshold, source.rule, gate.evaluation)
        return Judged(built, backend, point, gate, pending)

    def _given(self) -> OperatingPoint:
        """The source's own, where there are no faces to fit one to."""
        return OperatingPoint(self.source.temperature, self.source.threshold, self.source.rule, None)


def load_or_simulate(name: str, model: bytes, threads: int, weights: bytes, precision: str) -> tuple[Backend, bool]:
    """A backend, see `load_backend`, and whether ONNX Runtime stands in for a TensorRT that does not work here."""
    if name != "tensorrt" or tensorrt.usable():
        return load_backend(name, model, threads, weights, precision), False
    return onnxruntime.load(model, threads, unfused=True), True


def _with_engine(built: Built, backend: tensorrt.TensorRt) -> Built:
    """The artefact with the engine that it is judged by, so that devices of the same kind need not build it."""
    file = f"{built.file.removesuffix('.onnx')}.engine"
    needs = [*built.needs, f"its engine: {backend.engine.fingerprint}; elsewhere it is built at the first start"]
    return replace(built, weights=backend.engine.pack(), weights_file=file, needs=needs)
