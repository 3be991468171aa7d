"""Mixed precision: layers of an INT8 artefact left in floating point, what that saves and what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgedf.console import say
from edgedf.deploy.cost import multiply_accumulates
from edgedf.deploy.golden import drawn_crops
from edgedf.deploy.judging import Judge, Judged
from edgedf.deploy.sensitivity import Effect, fewest_float
from edgedf.deploy.targets import Built
from edgedf.runtime.backends import load_backend
from edgedf.runtime.timing import measure

ROUNDS = 10  # turns of each attempt when their latency is measured


@dataclass(frozen=True)
class Step:
    """An artefact with some layers in floating point.

    Attributes:
        layers: Their number, from the worst on.
        judged: The artefact.
        share: Share of the network's multiply-accumulates that are done in INT8.
        latency_ms: Median of one face on one thread in its own runtime; None where that is only simulated.
    """

    layers: int
    judged: Judged
    share: float
    latency_ms: float | None


@dataclass(frozen=True)
class Ranking:
    """What is known of the layers of an INT8 artefact that broke the gate.

    Attributes:
        file: The artefact.
        effects: Of each layer, the worst first.
        steps: What was tried, by number of layers; nothing where no layer was to be left in floating point.
        chosen: Number of layers in the artefact that passed; None if none did.
    """

    file: str
    effects: list[Effect]
    steps: list[Step] = field(default_factory=list)
    chosen: int | None = None


def leave_float(
    judge: Judge, build: Callable[[Sequence[str]], Built], ranked: list[Effect], none: Judged, every: Judged
) -> Ranking:
    """Leaves the fewest layers in floating point with which the gate passes.

    Args:
        judge: Of the artefacts.
        build: Makes one that leaves these layers.
        ranked: The layers, the worst first.
        none: The artefact that leaves none, which broke the gate.
        every: That which leaves them all.
    """
    tried = {0: none, len(ranked): every}

    def passes(layers: list[str]) -> bool:
        tried[len(layers)] = judge.artefact(build(layers))
        return bool(tried[len(layers)].gate)

    layers = fewest_float(ranked, passes)
    if layers is not None:
        say(f"{none.built.file}: {len(layers)} of {len(ranked)} layers stay in floating point: {', '.join(layers)}")
    steps = _steps(judge.source.graph, ranked, tried)
    return Ranking(none.built.file, ranked, steps, None if layers is None else len(layers))


def _steps(graph: bytes, ranked: list[Effect], tried: dict[int, Judged]) -> list[Step]:
    work = multiply_accumulates(graph)
    latencies = _latencies(tried)
    steps = []
    for count, judged in sorted(tried.items()):
        share = sum(work[effect.layer] for effect in ranked[count:]) / sum(work.values())
        steps.append(Step(count, judged, share, latencies.get(count)))
    return steps


def _latencies(tried: dict[int, Judged]) -> dict[int, float]:
    """Median milliseconds of each that runs in its own runtime, measured in turns."""
    crop = np.ascontiguousarray(drawn_crops(1))

    def call(built: Built) -> Callable[[], object]:
        backend = load_backend(built.backend, built.model, 1, built.weights, built.precision)
        return lambda: backend.run(crop)

    calls = {str(count): call(one.built) for count, one in tried.items() if not one.simulated}
    return {int(count): one.latency_ms_p50 for count, one in measure(calls, rounds=ROUNDS).items()}
