"""What a benchmark found, typed; units stand in the names."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from edgedf.errors import InternalError
from edgedf.metrics import Evaluation
from edgedf.report.environment import Environment

SCHEMA = 1


@dataclass(frozen=True)
class DataInfo:
    """The images that the evaluations of a report were made on."""

    name: str
    split: str
    fingerprint: str


@dataclass(frozen=True)
class ModelResult:
    """One artefact: its latency and, of the same file, its worth.

    Attributes:
        name: Shown in the report; unique in it.
        precision: Of the arithmetic: "fp32", "int8".
        backend: Runtime and version.
        size_mb: Size of the artefact's file.
        latency_ms_p50: Median of one call at batch 1.
        latency_ms_p95: 95th percentile of the same calls.
        calls: Number of timed calls.
        evaluation: None for a peer with random weights, of which only the latency means anything.
        notes: What a reader must know: fall-backs, where the figures come from.
    """

    name: str
    precision: str
    backend: str
    size_mb: float
    latency_ms_p50: float
    latency_ms_p95: float
    calls: int
    evaluation: Evaluation | None = None
    notes: Sequence[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Checks that the latencies can be."""
        if not 0 < self.latency_ms_p50 <= self.latency_ms_p95 < math.inf:
            raise InternalError(f"{self.name}: latencies must be positive and p50 at most p95")


@dataclass(frozen=True)
class Report:
    """A benchmark: several artefacts on one machine, on the same images.

    Raises:
        InternalError: Two results have one name, or were evaluated on different images or at different
            prevalences, so that they cannot stand side by side.
    """

    title: str
    created: str
    environment: Environment
    threads: int
    results: Sequence[ModelResult]
    data: DataInfo | None = None

    def __post_init__(self) -> None:
        """Checks that the results can be compared."""
        if len({result.name for result in self.results}) < len(self.results):
            raise InternalError("two results of one report have the same name")
        bases = {(e.images, e.fakes, round(e.prevalence, 9)) for _, _, e in self.judged}
        if self.data is not None and len(bases) > 1:
            raise InternalError(f"results of one report rest on different images: {sorted(bases)}")

    @property
    def judged(self) -> list[tuple[int, ModelResult, Evaluation]]:
        """Those results that have an evaluation, with their place in the report and the evaluation."""
        return [(i, one, one.evaluation) for i, one in enumerate(self.results) if one.evaluation is not None]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"schema": SCHEMA, **asdict(self)}
