"""Benchmark: latency and F1 of the same files, side by side.

bundles -> engines -> F1 on a split, in several threads -> latency, all in turn in one thread each
    -> unless quick: several faces a call, a camera's pace, energy, and processes of their own
    -> if full: FP32 beside INT8 on degraded faces -> report
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf.bundle import open_bundle
from edgedf.console import progress, say, table
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.evaluation import Decision, decide, engine_scores, evaluate_faces
from edgedf.errors import ConfigError, InputError
from edgedf.extras import need
from edgedf.files import check_folder
from edgedf.metrics import Evaluation, check_prevalence
from edgedf.metrics.robustness import Robustness
from edgedf.report import DataInfo, Environment, ModelResult, Noise, Report, robustness_words, words, write_report
from edgedf.report.measures import Batch, Paced, Start
from edgedf.report.words import images
from edgedf.runtime import Engine
from edgedf.runtime.backends import load_backend
from edgedf.runtime.cold import cold_start
from edgedf.runtime.energy import energy_per_call
from edgedf.runtime.pace import PERIOD_S, after_idle, at_pace
from edgedf.runtime.timing import Latency, clock_resolution_ms, measure

PEER_BACKEND = "onnxruntime"
SIZES = (1, 4, 16)  # faces in one call
BATCHES_S = 20.0  # of all such calls together; a turn that has begun is finished


@dataclass(frozen=True)
class Candidate:
    """A model to time, with what is known about it before; a peer has no path."""

    name: str
    call: Callable[[NDArray[np.uint8]], object]
    precision: str
    backend: str
    size_mb: float
    evaluation: Evaluation | None
    notes: list[str]
    path: Path | None = None


def main(
    models: Sequence[Path],
    *,
    out: Path,
    data: Path | None = None,
    split: str = "val",
    prevalence: float | None = None,
    threads: int = 1,
    peers: Sequence[str] = (),
    quick: bool = False,
    full: bool = False,
) -> dict[str, Any]:
    """Measures bundles and writes `report.json`, `report.md` and `report.html`.

    Args:
        models: Bundles.
        out: Folder of the report.
        data: Dataset to evaluate on; without it the figures that each bundle recorded at export are shown.
        split: Of that dataset.
        prevalence: Share of fakes that precision and F1 are stated at; when None, the one that the thresholds of all
            models were chosen for, or else the split's own.
        threads: Threads of each timed call.
        peers: Well-known networks to time beside them, see `edgedf.deploy.peers`.
        quick: Leave out what takes long: calls of several faces, a camera's pace, starts and memory, energy.
        full: With data, also judge FP32 beside INT8 on degraded faces, see `edgedf.deploy.robustness`.

    Returns:
        The report, with the path of its page.

    Raises:
        InputError: The thresholds were chosen for different prevalences and none was given; a peer is unknown,
            `out` cannot be written, or `quick` and `full` are both asked for.
    """
    if quick and full:
        raise ConfigError("--quick leaves out what takes long, and --full adds to it: give one of them")
    _check(out, prevalence, peers)
    if full and data:
        need("cv2", "data")  # to degrade faces
    here = Environment.here()  # before the work changes load and temperature
    faces = pack(open_dataset(data, log=say).split(split), progress=progress, log=say) if data else None
    with ExitStack() as stack:
        engines = {
            name: (path, stack.enter_context(Engine.load(path, threads=threads)))
            for name, path in _named(models).items()
        }
        if faces and prevalence is None:
            prevalence = _common_prevalence({name: engine for name, (_, engine) in engines.items()}, faces)
        candidates = [_bundle(name, *one, faces, prevalence) for name, one in engines.items()]
        candidates += [_peer(name, threads) for name in peers]
        latencies, noise = _time(candidates)
        more = [{}] * len(candidates) if quick else _more(candidates, threads)
        hardy = _robustness(engines, faces, prevalence) if full and faces and prevalence else None
        results = [_result(*one) for one in zip(candidates, latencies, more, strict=True)]
    report = Report(
        title="edgedf benchmark",
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        environment=here,
        threads=threads,
        results=results,
        data=DataInfo(data.resolve().name, split, faces.fingerprint) if data and faces else None,
        noise=noise,
        robustness=hardy,
    )
    page = write_report(report, out)["html"]
    _print(report)
    say(f"report: {page}")
    return {**report.to_dict(), "page": str(page)}


def _check(out: Path, prevalence: float | None, peers: Sequence[str]) -> None:
    """What can be refused before the work starts."""
    check_folder(out)
    if prevalence is not None:
        check_prevalence(prevalence)
    if peers:
        from edgedf.deploy.peers import check_peer  # torch is needed for peers only

        for peer in peers:
            check_peer(peer)


def _common_prevalence(engines: Mapping[str, Engine], faces: PackedFaces) -> float:
    """The share of fakes that all thresholds were chosen for; the split's own stands for one that is unknown.

    Raises:
        InputError: There are several, at which no two rows could be compared.
    """
    own = float(faces.labels.mean())
    shares = [Decision.of_engine(engine).prevalence or own for engine in engines.values()]
    if len({round(share, 9) for share in shares}) > 1:
        listed = " and ".join(f"{share:.3g}" for share in shares)
        raise InputError(f"{' and '.join(engines)} were fitted for prevalences of {listed}: give --prevalence")
    return shares[0]


def _named(models: Sequence[Path]) -> dict[str, Path]:
    """Bundles by the name of their folder, or by their path where names repeat."""
    paths = list(dict.fromkeys(models))
    names = [path.resolve().name.removesuffix(".edgedf") for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    return dict(zip(names, paths, strict=True))


def _bundle(name: str, path: Path, engine: Engine, faces: PackedFaces | None, prevalence: float | None) -> Candidate:
    """A bundle, evaluated on faces or, without any, with what it recorded at export."""
    notes = list(engine.notes)
    recorded = engine.artefact.point.metrics
    evaluation = None
    if faces is not None:
        say(f"evaluating {name}")
        decision, scores = Decision.of_engine(engine), engine_scores(engine, faces)
        evaluation = evaluate_faces(faces, scores, decide(faces, scores, decision), prevalence)
    elif recorded:
        evaluation = Evaluation.from_dict(recorded["evaluation"])
        when = "by bundle tune" if engine.artefact.site else "at export"
        notes.append(f"figures as recorded {when}, split {recorded['split']}: {images(evaluation)}")
    size_mb = (path / engine.artefact.file).stat().st_size / 1e6
    return Candidate(name, engine.predict, engine.artefact.precision, engine.backend, size_mb, evaluation, notes, path)


def _peer(name: str, threads: int) -> Candidate:
    """A well-known network with random weights."""
    from edgedf.deploy.peers import peer_graph  # torch is needed for peers only

    say(f"exporting {name} with random weights")
    graph = peer_graph(name)
    call = load_backend(PEER_BACKEND, graph, threads).run
    notes = ["latency only: its weights are random"]
    return Candidate(name, call, "fp32", PEER_BACKEND, len(graph) / 1e6, None, notes)


def crops(count: int) -> NDArray[np.uint8]:
    """Noise (count, 256, 256, 3), the same each time."""
    return np.random.default_rng(0).integers(0, 256, (count, 256, 256, 3), np.uint8)


def _time(candidates: Sequence[Candidate]) -> tuple[list[Latency], Noise]:
    """Latencies in the order of the candidates, and how far the first is from itself under a second name."""
    say(f"timing {len(candidates)} models, one face a call; the first of them twice")
    calls = [partial(one.call, crops(1)) for one in (*candidates, candidates[0])]
    *latencies, again = measure({str(place): call for place, call in enumerate(calls)}).values()
    noise = Noise.of(candidates[0].name, latencies[0].rounds_ms, again.rounds_ms, clock_resolution_ms())
    return latencies, noise


def _more(candidates: Sequence[Candidate], threads: int) -> list[dict[str, Any]]:
    """What a quick run leaves out, in the order of the candidates; of peers only calls of several faces."""
    found: list[dict[str, Any]] = [{"batches": batches} for batches in _batches(candidates)]
    for one, values in zip(candidates, found, strict=True):
        if one.path is not None:
            say(f"timing {one.name} at a camera's pace, and in processes of its own")
            call = partial(one.call, crops(1))
            paced = Paced.of(at_pace(call), PERIOD_S * 1000, after_idle(call))
            start = Start(**cold_start(one.path, threads)._asdict())
            values |= {"paced": paced, "energy_mj": energy_per_call(call), "start": start}
    return found


def _batches(candidates: Sequence[Candidate]) -> list[list[Batch]]:
    say(f"timing calls of {', '.join(map(str, SIZES))} faces")
    calls = {
        f"{place} {size}": partial(one.call, crops(size)) for place, one in enumerate(candidates) for size in SIZES
    }
    found = measure(calls, rounds=10, turn_s=0.02, warm_up=1, budget_s=BATCHES_S)
    medians = {name: latency.latency_ms_p50 for name, latency in found.items()}
    return [[Batch(size, medians[f"{place} {size}"] / size) for size in SIZES] for place in range(len(candidates))]


def _robustness(engines: Mapping[str, tuple[Path, Engine]], faces: PackedFaces, prevalence: float) -> Robustness:
    from edgedf.deploy.robustness import forms, robustness  # OpenCV and PyAV are needed for this only

    say("judging degraded faces")
    models = {name: forms(open_bundle(path), engine.artefact) for name, (path, engine) in engines.items()}
    return robustness(models, faces, prevalence)


def _result(one: Candidate, latency: Latency, more: dict[str, Any]) -> ModelResult:
    return ModelResult(
        name=one.name,
        precision=one.precision,
        backend=one.backend,
        size_mb=one.size_mb,
        **asdict(latency),
        **more,
        evaluation=one.evaluation,
        notes=one.notes,
    )


def _print(report: Report) -> None:
    rows = [
        [one.name, *_figures(one), f"{one.latency_ms_p50:.2f}", f"{one.latency_ms_p95:.2f}"] for one in report.results
    ]
    say("\n" + table(["model", "F1", "AUC", "p50 ms", "p95 ms"], rows) + "\n")
    say(words.noise(report))
    for line in robustness_words.departures(report.robustness):
        say(line)


def _figures(result: ModelResult) -> list[str]:
    found = result.evaluation
    return ["", ""] if found is None else [str(found.f1), str(found.auc)]
