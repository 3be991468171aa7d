"""What a benchmark found, typed; units stand in the names."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from edgedf.errors import InternalError
from edgedf.metrics import WORTH, Evaluation, times_as_fast
from edgedf.metrics.gpu import GpuTime
from edgedf.metrics.robustness import Robustness
from edgedf.metrics.roofline import Roofline
from edgedf.metrics.start import Start, is_latency
from edgedf.report.environment import Environment
from edgedf.report.measures import AllCores, Batch, Noise, Paced

SCHEMA = 2
F1_FIRST = ("f1", *(name for name in WORTH if name != "f1"))  # as reports have them
LARGEST_MB = 1e9
MOST_ROUNDS = 10_000  # of which 1,000 draws take .3 GB
MOST_RESULTS = 200  # that fit into one picture; to place their names takes the square of their number


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
        size_mb: Size of the artefact's files.
        latency_ms_p50: Median of one call at batch 1.
        latency_ms_p95: 95th percentile of the same calls.
        calls: Number of timed calls.
        evaluation: None where it was not judged, as a peer with random weights, whose latency alone means anything.
        notes: What a reader must know: fall-backs, where the figures come from.
        latency_ms_p90: 90th percentile of the same calls; None, as what follows, where it was not measured.
        latency_ms_p99: 99th percentile.
        latency_ms_max: The slowest.
        rounds_ms: Median of each round, in their order.
        batches: Latency of a face in calls of several.
        paced: Latency at a camera's pace.
        start: Of a process with it.
        energy_mj: Energy of one call of one face, in millijoules.
        energy_of: What that is of, and which counter told; empty in an older report, which knows RAPL alone.
        times_as_fast: As the first result of its report, below 1 where it is slower, by the fastest tenth of each one's
            rounds.
        all_cores: Latency on all cores.
        roofline: Its layers' times beside the least that they can take, on one thread.
        gpu: Latency on an NVIDIA GPU, by the host's clock and the GPU's, with and without a CUDA graph.
        parts: What it is worth on parts of the images, by name: by size, sharpness and skin tone.

    Raises:
        InternalError: The latencies contradict each other, or parts were judged and not the whole.
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
    latency_ms_p90: float | None = None
    latency_ms_p99: float | None = None
    latency_ms_max: float | None = None
    rounds_ms: Sequence[float] = field(default_factory=list)
    batches: Sequence[Batch] = field(default_factory=list)
    paced: Paced | None = None
    start: Start | None = None
    energy_mj: float | None = None
    energy_of: str = ""
    times_as_fast: float | None = None
    all_cores: AllCores | None = None
    roofline: Roofline | None = None
    gpu: Sequence[GpuTime] = field(default_factory=list)
    parts: Mapping[str, Evaluation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks that the figures can be."""
        p50, p95 = self.latency_ms_p50, self.latency_ms_p95
        percentiles = (p50, self.latency_ms_p90, p95, self.latency_ms_p99, self.latency_ms_max)
        known = [one for one in percentiles if one is not None]
        if not is_latency(*known, *self.rounds_ms) or known != sorted(known):
            raise InternalError(f"{self.name}: latencies must be positive and rise from p50 to the largest")
        if not 0 < self.size_mb < LARGEST_MB:
            raise InternalError(f"{self.name}: {self.size_mb:g} MB is no size of a model")
        if len(self.rounds_ms) > MOST_ROUNDS:
            raise InternalError(f"{self.name}: {len(self.rounds_ms)} rounds are more than {MOST_ROUNDS}")
        if self.rounds_ms and not min(self.rounds_ms) * 0.999 <= p50 <= max(self.rounds_ms) * 1.001:
            raise InternalError(f"{self.name}: a p50 of {p50:g} ms contradicts the medians of its rounds")
        if self.calls < max(len(self.rounds_ms), 1):
            raise InternalError(f"{self.name}: {self.calls} calls cannot fill {len(self.rounds_ms)} rounds")
        if self.parts and self.evaluation is None:
            raise InternalError(f"{self.name}: parts of the images were judged, and not all of them")


@dataclass(frozen=True)
class Report:
    """A benchmark: several artefacts on one machine, on the same images.

    Attributes:
        threads: Of each timed call.
        data: Of all evaluations; None where each is of its own bundle's.
        noise: Of the latencies; None where it was not measured.
        robustness: On some of the data's images, degraded; None where it was not measured.

    Raises:
        InternalError: There is no result, or more than a picture holds; two have one name, or were evaluated on
            different images or at different prevalences, so that they cannot stand side by side; or the noise or a
            ratio contradicts its rounds.
    """

    title: str
    created: str
    environment: Environment
    threads: int
    results: Sequence[ModelResult]
    data: DataInfo | None = None
    noise: Noise | None = None
    robustness: Robustness | None = None

    def __post_init__(self) -> None:
        """Checks that the results can be compared."""
        if not 1 <= len(self.results) <= MOST_RESULTS:
            raise InternalError(f"a report has 1 to {MOST_RESULTS} results, not {len(self.results)}")
        if len({result.name for result in self.results}) < len(self.results):
            raise InternalError("two results of one report have the same name")
        if self.data is not None and len(self.bases) > 1:
            raise InternalError(f"results of one report rest on different images: {sorted(self.bases)}")
        if self.noise is not None:
            self.noise.check(self.result(self.noise.model).rounds_ms)
        for one in self.results:
            _check_ratio(self.results[0], one)

    def result(self, name: str) -> ModelResult:
        """The result of a name.

        Raises:
            InternalError: There is none.
        """
        for one in self.results:
            if one.name == name:
                return one
        raise InternalError(f"the report has no result named {name!r}")

    @property
    def profiled(self) -> list[tuple[ModelResult, Roofline]]:
        """Those results that have a roofline, with it."""
        return [(one, one.roofline) for one in self.results if one.roofline is not None]

    @property
    def bases(self) -> set[tuple[int, int, float]]:
        """Images, fakes and prevalence that its models were judged on; several where it has no data."""
        return {(one.images, one.fakes, round(one.prevalence, 9)) for _, _, one in self.judged}

    @property
    def judged(self) -> list[tuple[int, ModelResult, Evaluation]]:
        """Those results that have an evaluation, with their place in the report and the evaluation."""
        return [(i, one, one.evaluation) for i, one in enumerate(self.results) if one.evaluation is not None]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"schema": SCHEMA, **asdict(self)}


def _check_ratio(first: ModelResult, one: ModelResult) -> None:
    if one.times_as_fast is None:
        return
    expected = times_as_fast(first.rounds_ms, one.rounds_ms)
    if expected is None or not math.isclose(one.times_as_fast, expected, rel_tol=1e-6):
        raise InternalError(f"{one.name}: {one.times_as_fast:g} times as fast as {first.name} contradicts their rounds")
