"""Benchmark: latency and F1 of the same files, side by side.

bundles -> engines -> F1 on a split, in several threads -> latency, all in turn in one thread each
    -> unless quick: several faces a call, a camera's pace, energy, and processes of their own
    -> if full, of every artefact: all cores, the GPU's own clock, how far each layer is from what the machine can do
       and with data FP32 beside INT8 on degraded faces -> report
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from edgedf.bundle import open_bundle
from edgedf.console import say
from edgedf.data.packed import PackedFaces
from edgedf.deploy.contenders import Contender, check_peers, contenders, named
from edgedf.deploy.gpu_time import gpu_times
from edgedf.deploy.worth import EvaluationSet, Worth, basis, common_prevalence, open_faces, worth_of
from edgedf.errors import ConfigError, EdgedfError
from edgedf.extras import need
from edgedf.files import check_folder
from edgedf.machine import cores
from edgedf.metrics import Evaluation, check_prevalence, times_as_fast
from edgedf.metrics.robustness import Robustness
from edgedf.metrics.roofline import Roofline
from edgedf.report import DataInfo, Environment, ModelResult, Noise, Report, write_report
from edgedf.report.kept import kept_once
from edgedf.report.measures import AllCores, Batch, Paced
from edgedf.report.terminal import terminal
from edgedf.report.words import images
from edgedf.runtime.cold import cold_start
from edgedf.runtime.energy import energy_per_call
from edgedf.runtime.pace import PERIOD_S, after_idle, at_pace
from edgedf.runtime.timing import Latency, clock_resolution_ms, measure, noise_crops

SIZES = (1, 4, 16)  # faces in one call
JUDGED = "judged.json"  # beside the report of a full run
BATCHES_S = 20.0  # of all such calls together; a turn that has begun is finished


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
        peers: Well-known networks to time beside them, see `edgedf.deploy.peers`, or ONNX files to judge and time.
        quick: Leave out what takes long: calls of several faces, a camera's pace, starts and memory, energy.
        full: Take every artefact that works here, and measure it in depth: on all cores, by CUDA events, by layer, and
            with data by size, sharpness and skin tone and on degraded faces, see `edgedf.deploy.robustness`. What was
            judged is kept beside the report for a rerun.

    Returns:
        The report, with the path of its page.

    Raises:
        ConfigError: `quick` and `full` are both asked for.
        InputError: The thresholds were chosen for different prevalences and none was given; a peer is unknown, or
            `out` cannot be written.
    """
    _check(out, prevalence, peers, quick and full)
    if full and data:
        need("cv2", "data")  # to degrade faces
    here = Environment.here()  # before the work changes load and temperature
    on = open_faces(data, split, parts=full) if data else None
    found = contenders(models, peers, threads, every=full)
    if on and prevalence is None:
        prevalence = common_prevalence(found, on.faces)
    worth = [_worth(one, on, prevalence, here, out / JUDGED if full else None) for one in found]
    latencies, noise = _time(found)
    more = [{}] * len(found) if quick else _more(found, threads)
    deep = _deep(found, threads) if full else [{}] * len(found)
    hardy = _robustness(models, found, on.faces, prevalence) if full and on and prevalence else None
    results = [_result(*one, first=latencies[0]) for one in zip(found, worth, latencies, more, deep, strict=True)]
    report = Report(
        title="edgedf benchmark",
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        environment=here,
        threads=threads,
        results=results,
        data=DataInfo(data.resolve().name, split, on.faces.fingerprint) if data and on else None,
        noise=noise,
        robustness=hardy,
    )
    page = write_report(report, out)["html"]
    say(terminal(report))
    say(f"report: {page}")
    return {**report.to_dict(), "page": str(page)}


def _check(out: Path, prevalence: float | None, peers: Sequence[str], both: bool) -> None:
    """What can be refused before the work starts."""
    if both:
        raise ConfigError("--quick leaves out what takes long, and --full adds to it: give one of them")
    check_folder(out)
    if prevalence is not None:
        check_prevalence(prevalence)
    check_peers(peers)


def _worth(
    one: Contender, on: EvaluationSet | None, prevalence: float | None, here: Environment, kept: Path | None
) -> Worth | None:
    """What a contender is worth on the faces or, without any, by what its bundle recorded; none of random weights.

    With a file `kept`, what is of the same files, faces, machine and versions is judged once, over all runs.
    """
    if one.random:
        return None
    if on is None:
        return _recorded(one)
    if one.rule:
        one.notes.append(f"its threshold is chosen on these faces by the rule {one.rule}, cross-fitted")
    make = partial(worth_of, one, on, prevalence)
    if kept is None:
        return make()
    machine = {"machine": [here.cpu, here.features, here.system], "versions": here.versions}
    return kept_once(kept, Worth, basis(one, on, prevalence) | machine, make)


def _recorded(one: Contender) -> Worth | None:
    artefact = one.engine.artefact
    if not (recorded := artefact.point.metrics):
        return None
    evaluation = Evaluation.from_dict(recorded["evaluation"])
    when = "by bundle tune" if artefact.site else "at export"
    one.notes.append(f"figures as recorded {when}, split {recorded['split']}: {images(evaluation)}")
    return Worth(evaluation)


def _time(found: Sequence[Contender]) -> tuple[list[Latency], Noise]:
    """Latencies in their order, and how far the first is from itself under a second name."""
    say(f"timing {len(found)} models, one face a call; the first of them twice")
    calls = [partial(one.engine.predict, noise_crops(1)) for one in (*found, found[0])]
    *latencies, again = measure({str(place): call for place, call in enumerate(calls)}).values()
    noise = Noise.of(found[0].name, latencies[0].rounds_ms, again.rounds_ms, clock_resolution_ms())
    return latencies, noise


def _more(found: Sequence[Contender], threads: int) -> list[dict[str, Any]]:
    """What a quick run leaves out, in their order; of peers only calls of several faces."""
    more: list[dict[str, Any]] = [{"batches": batches} for batches in _batches(found)]
    for one, values in zip(found, more, strict=True):
        if one.path is not None:
            say(f"timing {one.name} at a camera's pace, and in processes of its own")
            call = partial(one.engine.predict, noise_crops(1))
            paced = Paced.of(at_pace(call), PERIOD_S * 1000, after_idle(call))
            start = cold_start(one.path, threads, one.backend)
            values |= {"paced": paced, "start": start, **_energy(one, call)}
    return more


def _energy(one: Contender, call: Callable[[], object]) -> dict[str, Any]:
    found = energy_per_call(call, on_gpu=one.engine.backend == "tensorrt")
    return {"energy_mj": found.mj, "energy_of": found.of} if found else {}


def _batches(found: Sequence[Contender]) -> list[list[Batch]]:
    say(f"timing calls of {', '.join(map(str, SIZES))} faces")
    calls = {
        f"{place} {size}": partial(one.engine.predict, noise_crops(size))
        for place, one in enumerate(found)
        for size in SIZES
    }
    timed = measure(calls, rounds=10, turn_s=0.02, warm_up=1, budget_s=BATCHES_S)
    medians = {name: latency.latency_ms_p50 for name, latency in timed.items()}
    return [[Batch(size, medians[f"{place} {size}"] / size) for size in SIZES] for place in range(len(found))]


def _deep(found: Sequence[Contender], threads: int) -> list[dict[str, Any]]:
    """What a full run adds, in their order."""
    everywhere = _all_cores(found) if cores() != threads else [None] * len(found)
    return [
        {"all_cores": at, "roofline": _roofline(one), "gpu": gpu_times(one, noise_crops(1))}
        for one, at in zip(found, everywhere, strict=True)
    ]


def _all_cores(found: Sequence[Contender]) -> list[AllCores]:
    threads = cores()
    say(f"timing one face a call on all {threads} cores")
    calls = {str(place): partial(one.load(threads).predict, noise_crops(1)) for place, one in enumerate(found)}
    return [AllCores(threads, one.latency_ms_p50, one.latency_ms_p95) for one in measure(calls).values()]


def _roofline(one: Contender) -> Roofline | None:
    """Of a bundle's artefact, where it can be measured; else why not is noted."""
    if one.path is None:
        return None
    say(f"profiling {one.name}")
    try:
        need("onnx", "export")
        from edgedf.deploy.roofline import artefact_roofline  # draws faces, which needs the extra too

        return replace(artefact_roofline(open_bundle(one.path), one.engine.artefact), name=one.name)
    except EdgedfError as error:
        one.notes.append(f"no roofline: {error}")
        return None


def _robustness(
    models: Sequence[Path], found: Sequence[Contender], faces: PackedFaces, prevalence: float
) -> Robustness:
    from edgedf.deploy.robustness import forms, robustness  # OpenCV and PyAV are needed for this only

    say("judging degraded faces")
    engines = {name: [one.engine for one in found if one.path == path] for name, path in named(models).items()}
    return robustness({name: forms(own) for name, own in engines.items()}, faces, prevalence)


def _result(
    one: Contender, worth: Worth | None, latency: Latency, more: dict[str, Any], deep: dict[str, Any], first: Latency
) -> ModelResult:
    return ModelResult(
        name=one.name,
        precision=one.engine.artefact.precision,
        backend=one.engine.backend,
        size_mb=one.size_mb,
        **asdict(latency),
        **more,
        **deep,
        times_as_fast=times_as_fast(first.rounds_ms, latency.rounds_ms),
        evaluation=worth.evaluation if worth else None,
        parts=worth.parts if worth else {},
        notes=one.notes,
    )
