"""Benchmark: latency and F1 of the same files, side by side.

bundles -> engines -> F1 on a split, in several threads -> latency, all in turn in one thread each -> report
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

from edgedf.console import progress, say, table
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.evaluation import Decision, decide, engine_scores, evaluate_faces
from edgedf.errors import InputError
from edgedf.files import check_folder
from edgedf.metrics import Evaluation, check_prevalence
from edgedf.report import DataInfo, Environment, ModelResult, Noise, Report, words, write_report
from edgedf.report.words import images
from edgedf.runtime import Engine
from edgedf.runtime.backends import load_backend
from edgedf.runtime.timing import Latency, clock_resolution_ms, measure

PEER_BACKEND = "onnxruntime"


@dataclass(frozen=True)
class Candidate:
    """A model to time, with what is known about it before."""

    name: str
    call: Callable[[NDArray[np.uint8]], object]
    precision: str
    backend: str
    size_mb: float
    evaluation: Evaluation | None
    notes: list[str]


def main(
    models: Sequence[Path],
    *,
    out: Path,
    data: Path | None = None,
    split: str = "val",
    prevalence: float | None = None,
    threads: int = 1,
    peers: Sequence[str] = (),
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

    Returns:
        The report, with the path of its page.

    Raises:
        InputError: The thresholds were chosen for different prevalences and none was given; a peer is unknown, or
            `out` cannot be written.
    """
    _check(out, prevalence, peers)
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
        results = list(map(_result, candidates, latencies))
    report = Report(
        title="edgedf benchmark",
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        environment=Environment.here(),
        threads=threads,
        results=results,
        data=DataInfo(data.resolve().name, split, faces.fingerprint) if data and faces else None,
        noise=noise,
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
    return Candidate(name, engine.predict, engine.artefact.precision, engine.backend, size_mb, evaluation, notes)


def _peer(name: str, threads: int) -> Candidate:
    """A well-known network with random weights."""
    from edgedf.deploy.peers import peer_graph  # torch is needed for peers only

    say(f"exporting {name} with random weights")
    graph = peer_graph(name)
    call = load_backend(PEER_BACKEND, graph, threads).run
    notes = ["latency only: its weights are random"]
    return Candidate(name, call, "fp32", PEER_BACKEND, len(graph) / 1e6, None, notes)


def _time(candidates: Sequence[Candidate]) -> tuple[list[Latency], Noise]:
    """Latencies in the order of the candidates, and how far the first is from itself under a second name."""
    crop = np.random.default_rng(0).integers(0, 256, (1, 256, 256, 3), np.uint8)
    say(f"timing {len(candidates)} models, one face a call; the first of them twice")
    calls = [partial(one.call, crop) for one in (*candidates, candidates[0])]
    *latencies, again = measure({str(place): call for place, call in enumerate(calls)}).values()
    noise = Noise.of(candidates[0].name, latencies[0].rounds_ms, again.rounds_ms, clock_resolution_ms())
    return latencies, noise


def _result(one: Candidate, latency: Latency) -> ModelResult:
    return ModelResult(
        name=one.name,
        precision=one.precision,
        backend=one.backend,
        size_mb=one.size_mb,
        **asdict(latency),
        evaluation=one.evaluation,
        notes=one.notes,
    )


def _print(report: Report) -> None:
    rows = [
        [one.name, *_figures(one), f"{one.latency_ms_p50:.2f}", f"{one.latency_ms_p95:.2f}"] for one in report.results
    ]
    say("\n" + table(["model", "F1", "AUC", "p50 ms", "p95 ms"], rows) + "\n")
    say(words.noise(report))


def _figures(result: ModelResult) -> list[str]:
    found = result.evaluation
    return ["", ""] if found is None else [str(found.f1), str(found.auc)]
