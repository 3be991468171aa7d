"""How fast the watcher follows and judges faces, against plain loops, and how late its events come at a camera's pace.

Two measurements of each clip, in turns:

    as fast as it goes   frames a second of the watcher, and of loops that read, find every frame's faces (YuNet at 320
                         pixels, RetinaFace in full size), cut them and call the session
    at the clip's pace   frames are submitted when a camera would: latency from capture to event, frames dropped, each
                         stage's share of one core, and the time until a face has its first verdict

Run by `python benchmarks/watch_speed.py --data DIR`, the folder of some videos. All use one thread for each call.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from edgedf.bundle import open_bundle
from edgedf.console import say, table
from edgedf.errors import InputError
from edgedf.faces.detectors import crop_rule, load_detector
from edgedf.guard import run_alone
from edgedf.machine import cpu_name
from edgedf.runtime import Camera, Engine, Frame, Watcher
from edgedf.runtime.backends import onnxruntime
from edgedf.runtime.live.stats import STAGES, WINDOW
from edgedf.runtime.onnx_contract import INPUT
from edgedf.shipped import DEFAULT_STUDENT

FULL = 1 << 16  # pixels: no frame is shrunk
SUFFIXES = (".avi", ".mkv", ".mov", ".mp4", ".webm")

Loop = Callable[[Path], int]
"""Handles the frames of a clip; gives their number."""


def main(data: Path, *, model: Path = DEFAULT_STUDENT, frames: int = WINDOW, clips: int = 1000) -> dict[str, Any]:
    """Measures both.

    Args:
        data: Folder of videos, at any depth.
        model: A bundle.
        frames: First frames of each clip that are used.
        clips: Most clips that are used.

    Returns:
        Frames a second of the watcher and the plain loops, and what was found at the clips' pace.

    Raises:
        InputError: There is no video.
    """
    paths = sorted(path for path in data.rglob("*") if path.suffix.lower() in SUFFIXES)[:clips]
    if not paths:
        raise InputError(f"{data} holds no video ({', '.join(SUFFIXES)})")
    with Engine.load(model, backend="onnxruntime", threads=1) as engine:
        session = onnxruntime.load(open_bundle(model).read(engine.artefact), threads=1).session
        loops: dict[str, Loop] = {
            "watcher": lambda path: _watched(path, engine, frames),
            "plain, yunet": _plain("yunet", 320, session, frames),
            "plain, retinaface": _plain("retinaface", FULL, session, frames),
        }
        speeds = _speeds(loops, paths)
        paced = [_paced(path, engine, frames) for path in paths]
    result = {"cpu": cpu_name(), "clips": len(paths), "frames_per_second": speeds, "paced": _joined(paced)}
    _tell(result)
    return result


def _frames(path: Path, most: int) -> Iterator[Frame]:
    with Camera(path) as camera:
        for frame, _ in zip(camera, range(most), strict=False):
            yield frame


class _Clip:
    """The first frames of a clip, as a source."""

    live = False

    def __init__(self, path: Path, most: int) -> None:
        self._frames = _frames(path, most)

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def close(self) -> None:
        """Nothing: it is closed where it ends."""


def _watched(path: Path, engine: Engine, most: int) -> int:
    return sum(1 for _ in Watcher(_Clip(path, most), engine))


def _plain(name: str, side: int, session: Any, most: int) -> Loop:
    detector, rule = load_detector(name, 1, side), crop_rule(name)

    def loop(path: Path) -> int:
        count = 0
        for frame in _frames(path, most):
            [faces] = detector.detect([frame.pixels])
            if len(faces.boxes):
                crops = [rule.cut(frame.pixels, (x, y, wide, high)) for x, y, wide, high in faces.boxes.tolist()]
                session.run(None, {INPUT: np.stack(crops)})
            count += 1
        return count

    return loop


def _speeds(loops: dict[str, Loop], paths: list[Path]) -> dict[str, float]:
    """Frames a second of each; clip by clip in turns, so that a noisy machine hits all alike."""
    counts, seconds = dict.fromkeys(loops, 0), dict.fromkeys(loops, 0.0)
    for path in paths:
        for name, loop in loops.items():
            start = time.perf_counter()
            counts[name] += loop(path)
            seconds[name] += time.perf_counter() - start
    return {name: round(counts[name] / seconds[name], 1) for name in loops}


def _paced(path: Path, engine: Engine, most: int) -> dict[str, Any]:
    """Submits a clip's frames at their times, as a camera app does; reading them is not part of it."""
    latencies, firsts = dict[int, float](), dict[int, float]()
    born: dict[int, float] = {}

    def note(event: Any) -> None:
        latencies[event.frame.number] = event.latency_ms
        for track in event.tracks:
            born.setdefault(track.id, event.frame_time)
            if track.verdict != "abstain":
                firsts.setdefault(track.id, event.frame_time - born[track.id])

    with Watcher(model=engine, on_event=note) as watcher:
        late, submit_ms, start, begun = 0, list[float](), time.perf_counter(), None
        for frame in _frames(path, most):
            begun = time.perf_counter() - frame.time if begun is None else begun
            wait = begun + frame.time - time.perf_counter()
            late += wait < 0
            time.sleep(max(wait, 0))
            before = time.perf_counter()
            watcher.submit(frame.pixels, frame.time)
            submit_ms.append((time.perf_counter() - before) * 1000)
        seconds = time.perf_counter() - start
        stats = watcher.stats
    return {
        "latencies": list(latencies.values()),
        "submits": submit_ms,
        "firsts": list(firsts.values()),
        "faces": len(born),
        "frames": len(submit_ms),
        "dropped": stats.dropped,
        "late": late,
        "seconds": seconds,
        "busy": stats.busy_s,
    }


def _joined(paced: list[dict[str, Any]]) -> dict[str, Any]:
    """What was found, over all clips."""
    seconds = sum(one["seconds"] for one in paced)
    pooled = {name: [value for one in paced for value in one[name]] for name in ("latencies", "submits", "firsts")}
    return {
        "frames": sum(one["frames"] for one in paced),
        "dropped": sum(one["dropped"] for one in paced),
        "read_late": sum(one["late"] for one in paced),
        "latency_ms": _quantiles(pooled["latencies"]),
        "submit_ms": _quantiles(pooled["submits"]),
        "share_of_a_core": {name: round(sum(one["busy"][name] for one in paced) / seconds, 4) for name in STAGES},
        "faces": sum(one["faces"] for one in paced),
        "faces_with_verdict": len(pooled["firsts"]),
        "first_verdict_s": _quantiles(pooled["firsts"]) if pooled["firsts"] else None,
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    found = np.quantile(values, (0.5, 0.95, 0.99))
    return {name: round(float(value), 3) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


def _tell(result: dict[str, Any]) -> None:
    speeds, paced = result["frames_per_second"], result["paced"]
    say(table(["as fast as it goes", "frames/s"], speeds.items()))
    say()
    rows = [(name, *paced[name].values()) for name in ("latency_ms", "submit_ms", "first_verdict_s") if paced[name]]
    say(table(["at the clips' pace", "p50", "p95", "p99"], rows))
    say()
    say(table(["stage", "share of a core"], paced["share_of_a_core"].items()))
    say(f"{paced['dropped']} of {paced['frames']} frames dropped; {paced['read_late']} were read late")


def measured(
    data: Annotated[Path, typer.Option(help="Folder of videos.")],
    model: Annotated[Path, typer.Option(help="A bundle.")] = DEFAULT_STUDENT,
    frames: Annotated[int, typer.Option(min=2, help="First frames of each clip.")] = WINDOW,
    clips: Annotated[int, typer.Option(min=1, help="Most clips.")] = 1000,
) -> dict[str, Any]:
    """Times the watcher on clips."""
    return main(data, model=model, frames=frames, clips=clips)


if __name__ == "__main__":
    run_alone(measured)
