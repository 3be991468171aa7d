"""The long commands on tiny drawn data: how each is started, and what it must leave, killed or not."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from edgedf.data.drawn import draw_dataset
from edgedf.report.read import read_report
from edgedf.shipped import DEFAULT_STUDENT
from edgedf.training.checkpoints import CHECKPOINTS, load_checkpoint
from tests.drawn_stream import events
from tests.faults.child import Ended, run

TIMING = ("seconds", "images_per_second")
FRAMES = 40  # of the watched stream
SMALL = ["size=nano", "batch_size=8", "views=2", "epochs=2", "save_minutes=0", "pairs=true", "forge=.3"]

Left = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a trial works.

    Attributes:
        inputs: What all trials read, see `draw_inputs`.
        root: Its own folder.
    """

    inputs: Path
    root: Path

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def cache(self) -> Path:
        return self.root / "cache"


@dataclass(frozen=True)
class Trial:
    """A command that may be killed.

    Attributes:
        name: For people.
        words: Starts it, and again after a kill.
        left: What it must leave, comparable.
        at_kill: Checks what a kill left, given what the whole command leaves.
        ahead_s: How long before its first file a kill may come: that file is all it writes.
        quick: Little enough for every run of the tests.
    """

    name: str
    words: Callable[[Place], Sequence[object]]
    left: Callable[[Place, Ended], Left]
    at_kill: Callable[[Place, Left], None] = lambda place, whole: None
    ahead_s: float = 0.0
    quick: bool = False


def again(trial: Trial, place: Place) -> Ended:
    """The command once more, as its user would give it: with `--resume` where it asks for that."""
    ended = run(trial.words(place), place.cache)
    if ended.code == 2 and "continue it with --resume" in ended.err:
        ended = run([*trial.words(place), "--resume"], place.cache)
    return ended


def draw_inputs(root: Path) -> None:
    """Drawn faces, and photos; what takes longer is made by the first trial that needs it."""
    draw_dataset(root / "faces", images=60, prevalence=0.4, seed=0)
    (root / "photos").mkdir()
    for path in sorted((root / "faces" / "real").iterdir())[:12]:
        shutil.copy(path, root / "photos")


def _teacher(place: Place) -> Path:
    small = ["--config", "demo", "--epochs", 1, *_set("image_size=32", "batch_size=16")]
    return _run_of(place, "teacher", *small)


def _student(place: Place) -> Path:
    return _run_of(place, "student", "--epochs", 1, *_set("size=nano"))


def _run_of(place: Place, role: str, *words: object) -> Path:
    out, data = place.inputs / role, place.inputs / "faces"
    if not out.exists():
        ended = run(["train", role, "--data", data, "--out", out, *words], place.inputs / "cache")
        assert ended.code == 0, ended
    return out


def _stream(place: Place) -> Path:
    folder = place.inputs / "stream"
    if not folder.exists():
        folder.mkdir()
        for number, one in enumerate(events(FRAMES)):
            Image.fromarray(one.frame.pixels).save(folder / f"{number:03}.png", compress_level=1)
    return folder


def _set(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _files(root: Path) -> Left:
    """The hash of every file, but hidden ones: locks, and what a killed writer had not yet put in place."""
    paths = (path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file())
    shown = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    return {str(path): _hash((root / path).read_bytes()) for path in shown}


def _run_folder(root: Path) -> Left:
    """Names, metrics and weights of a run; not what tells the time."""
    with (root / "metrics.csv").open() as file:
        rows = [{key: cell for key, cell in row.items() if key not in TIMING} for row in csv.DictReader(file)]
    weights = {which: _weights(root / CHECKPOINTS[which]) for which in ("best", "final")}
    load_checkpoint(root / CHECKPOINTS["last"])
    return {"names": sorted(path.name for path in root.glob("[!.]*")), "rows": rows, **weights}


def _weights(file: Path) -> Left:
    content = load_checkpoint(file)
    tensors: dict[str, torch.Tensor] = content["weights"]
    return {"threshold": content["threshold"]} | {k: _hash(v.numpy().tobytes()) for k, v in tensors.items()}


def _train(place: Place) -> list[object]:
    words = ["train", "student", "--data", place.inputs / "faces", "--out", place.out, *_set(*SMALL)]
    return [*words, *_set("degrade=.3")]


def _trained(place: Place, ended: Ended) -> Left:
    return _run_folder(place.out) | {"packed": _packed(place)}


def _packed(place: Place) -> Left:
    """Packings by the hash of their pixels; their folders' names follow the time at which the faces were drawn."""
    return {path.parent.name: _hash(path.read_bytes()) for path in sorted(place.cache.glob("*/pixels.u8"))}


def _distill(place: Place) -> list[object]:
    words = ["distill", "--teacher", _teacher(place), "--data", place.inputs / "faces", "--out", place.out]
    return [*words, *_set(*SMALL)]


def _distilled(place: Place, ended: Ended) -> Left:
    cached = {str(path.relative_to(place.cache)): path for path in sorted(place.cache.glob("teacher/*/*"))}
    answers = {name: _hash(path.read_bytes()) for name, path in cached.items()}
    return _trained(place, ended) | {"plain": _run_folder(place.out / "without_teacher"), "answers": answers}


def _prepare(place: Place) -> list[object]:
    program = Path(__file__).with_name("two_workers.py")
    return [program, "data", "prepare", place.inputs / "photos", "--label", "real", "--out", place.out]


def _prepared(place: Place, ended: Ended) -> Left:
    lines = (place.out / "prepare.jsonl").read_text().splitlines()
    places = sorted(json.loads(line)["place"] for line in lines)
    return _files(place.out) | {"prepare.jsonl": places}  # in any order, with the time that each took


def _forge(place: Place) -> list[object]:
    return ["data", "forge", place.inputs / "faces", "--out", place.out, "--count", 40]


def _forged(place: Place, ended: Ended) -> Left:
    return _files(place.out)


def _export(place: Place) -> list[object]:
    words = ["export", _student(place), "--target", "onnx", "--int8", "--method", "minmax"]
    return [*words, "--data", place.inputs / "faces", "--out", place.out / "x.edgedf"]


def _exported(place: Place, ended: Ended) -> Left:
    kept: dict[str, Left] = {}
    for file in sorted(place.cache.glob("calibration/[!.]*")):
        with np.load(file, allow_pickle=False) as arrays:
            kept[file.name] = {name: _hash(arrays[name].tobytes()) for name in arrays.files if name != "ranges"}
            kept[file.name]["ranges"] = json.loads(str(arrays["ranges"]))  # in whatever order
    return _files(place.out) | {"code": ended.code, "calibration": kept}


def _benchmark(place: Place) -> list[object]:
    words = [Path(__file__).with_name("untimed_benchmark.py"), "benchmark", DEFAULT_STUDENT, "--full"]
    return [*words, "--data", place.inputs / "faces", "--out", place.out, "--prevalence", ".17"]


def _benchmarked(place: Place, ended: Ended) -> Left:
    results = {one.name: repr(one.evaluation) for one in read_report(place.out / "report.json").results}
    judged = json.loads((place.out / "judged.json").read_text())
    return {"names": sorted(path.name for path in place.out.glob("[!.]*")), "results": results, "judged": judged}


def _watch(place: Place) -> list[object]:
    return ["watch", _stream(place), "--record", place.out, "--record-frames", "--json"]


def _watched(place: Place, ended: Ended) -> Left:
    """The events of the newest file; the older ones are of the killed watching."""
    return {"events": _events(sorted(place.out.glob("events-*.jsonl"))[-1])}


def _events(file: Path) -> list[Any]:
    """Frames and their faces, without the time of day and of the work; the last line may be torn by a kill."""
    *lines, torn = file.read_text().split("\n")
    assert not torn or not torn.endswith("}")
    return [(line["frame"], line["tracks"]) for line in map(json.loads, lines)]


def _still_recorded(place: Place, whole: Left) -> None:
    """What was recorded is the beginning of what the whole watching records, and the pictures are whole."""
    for file in place.out.glob("events-*.jsonl"):
        found = _events(file)
        assert found == whole["events"][: len(found)]
    for picture in place.out.glob("fake-*.jpg"):
        with Image.open(picture) as image:
            image.load()


def _choose(place: Place) -> list[object]:
    return ["detect", place.inputs / "photos", "--crops", "--json"]


def _chosen(place: Place, ended: Ended) -> Left:
    """Faces by verdict: the choice between artefacts is the clock's, so scores may differ in their third digit."""
    [kept] = place.cache.glob("choices/[!.]*")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    return {"kept": kept.name, "verdicts": [(one["path"], one["verdict"]) for one in lines], "code": ended.code}


TRIALS = {
    one.name: one
    for one in (
        Trial("train", _train, _trained),
        Trial("distill", _distill, _distilled),
        Trial("prepare", _prepare, _prepared, quick=True),
        Trial("forge", _forge, _forged),
        Trial("export", _export, _exported),
        Trial("benchmark", _benchmark, _benchmarked),
        Trial("watch", _watch, _watched, _still_recorded),
        Trial("choice", _choose, _chosen, ahead_s=0.9),
    )
}
