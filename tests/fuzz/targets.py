"""Everything that edgedf reads from strangers, as functions of bytes: one target each.

A target gives a value or raises an `EdgedfError`; `attempt` says of anything else what is wrong. It works in the
current folder, and leaves no file there but its own inputs.
"""

import json
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from edgedf.errors import LONGEST, EdgedfError, InputError, InternalError
from tests.fuzz import networks, seeds

Read = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        read: It, given the bytes of a file or message.
        seeds: Makes valid inputs.
        form: Of the inputs, see `tests.fuzz.mutation`.
        share: Inputs of a hundred thousand.
    """

    read: Read
    seeds: Callable[[], list[bytes]]
    form: str
    share: int


TARGETS: dict[str, Target] = {}


def target(valid: Callable[[], list[bytes]], form: str, share: int) -> Callable[[Read], Read]:
    """Registers a reader by its name."""

    def register(read: Read) -> Read:
        TARGETS[read.__name__] = Target(read, valid, form, share)
        return read

    return register


@dataclass(frozen=True)
class Outcome:
    """What a reader made of an input.

    Attributes:
        valid: It gave a value.
        bug: What is wrong with the reader, and where; empty where nothing is.
        told: What the error said.
    """

    valid: bool
    bug: str = ""
    told: str = ""


def attempt(read: Read, data: bytes) -> Outcome:
    """Reads one input, and judges how that ended."""
    try:
        read(data)
    except EdgedfError as error:
        text = str(error)
        clear = text and text.isprintable() and len(text) <= LONGEST + 3
        if isinstance(error, InternalError) or not clear:
            return Outcome(False, f"{'InternalError' if clear else 'no clear line'} at {_place(error)}", text[:300])
        return Outcome(False, _left_behind())
    except Exception as error:
        return Outcome(False, f"{type(error).__name__} at {_place(error)}", str(error)[:300])
    return Outcome(True, _left_behind())


def _place(error: BaseException) -> str:
    """The last line of edgedf that it passed, or else of the target."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if "/edgedf/" in one.filename] or frames[1:2]
    return f"{Path(own[-1].filename).name}:{own[-1].name}"


def _left_behind() -> str:
    beside = [name for _, _, names in os.walk(".") for name in names if name.endswith((".part", ".old"))]
    return f"left behind: {beside}" if beside else ""


def _put(name: str, data: bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# Bundles


@target(seeds.manifests, "json", 12_000)
def manifest(data: bytes) -> None:
    from edgedf.bundle.reading import manifest_from_json
    from edgedf.faces.crop import CropRule
    from edgedf.runtime.live.temporal import Evidence, Temporal

    found = manifest_from_json(data)
    assert manifest_from_json(found.to_json().encode()) == found
    CropRule.from_dict(found.input.crop).square((1, 1, 9, 9), 99, 99)
    point = found.artefacts[0].point
    Evidence(Temporal.from_dict(found.temporal), point.threshold, point.temperature, 0.0).decide(1.0)


@target(seeds.manifests, "json", 4_000)
def bundle(data: bytes) -> None:
    """The files of the bundle are there, so what the manifest says of them is looked at."""
    from edgedf.bundle import open_bundle

    for name, content in seeds.bundle_files().items():
        if not Path("x.edgedf", name).exists():
            _put(f"x.edgedf/{name}", content)
    _put("x.edgedf/manifest.json", data)
    open_bundle(Path("x.edgedf"))


@target(seeds.goldens, "binary", 5_000)
def golden(data: bytes) -> None:
    from edgedf.bundle.golden import unpack_golden

    crops, scores = unpack_golden(data, "model.onnx", 8)
    assert len(crops) == len(scores)


@target(seeds.graphs, "protobuf", 12_000)
def onnx_graph(data: bytes) -> None:
    from edgedf.runtime.onnx_contract import check_graph

    check_graph(data)


@target(seeds.graphs, "protobuf", 3_000)
def onnx_session(data: bytes) -> None:
    """What ONNX Runtime itself makes of a graph that nothing here refuses."""
    import numpy as np

    from edgedf.runtime.backends import load_backend, run_in_batches

    run_in_batches(load_backend("onnxruntime", data, 1), np.zeros((1, 256, 256, 3), np.uint8))


@target(seeds.irs, "text", 8_000)
def openvino_ir(data: bytes) -> None:
    from edgedf.runtime.ir_contract import check_ir

    check_ir(data, 64)


@target(seeds.networks, "text", 6_000)
def ncnn_network(data: bytes) -> None:
    _run_ncnn(*networks.parted(data))


@target(seeds.lots, "binary", 6_000)
def ncnn_session(data: bytes) -> None:
    """What ncnn itself makes of a network, drawn by these bytes, in which little or nothing is wrong."""
    _run_ncnn(*networks.drawn(Random(data)))


def _run_ncnn(model: bytes, weights: bytes) -> None:
    """Whatever the contract lets pass runs, twice alike, and gives outputs of a student's ranks."""
    import numpy as np

    from edgedf.runtime.backends import load_backend

    crops = np.random.default_rng(0).integers(0, 256, (1, 256, 256, 3), np.uint8)
    backend = load_backend("ncnn", model, 1, weights, "int8, f32")
    first, again = backend.run(crops), backend.run(crops)
    assert first.logit.shape == (1, 1) and (first.attention.ndim, first.embedding.ndim) == (3, 2)
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(first, again, strict=True))


# Datasets


@target(lambda: seeds.tables()[:2], "text", 8_000)
def labels_csv(data: bytes) -> None:
    from edgedf.data.readers import open_dataset

    _pictures("faces")
    _put("faces/labels.csv", data)
    for skip in (False, True):
        _use_dataset(partial(open_dataset, Path("faces"), skip_broken=skip, log=_quiet))


@target(seeds.tables, "text", 5_000)
def any_csv(data: bytes) -> None:
    from edgedf.data.readers import from_csv

    _pictures("rows")
    file = _put("rows/any.csv", data)
    _use_dataset(lambda: from_csv(file, skip_broken=True, log=_quiet))


@target(seeds.dfdc_metadata, "json", 4_000)
def dfdc_tree(data: bytes) -> None:
    _use_tree("dfdc", "metadata.json", data, "")


@target(seeds.official_splits, "json", 3_000)
def faceforensics_tree(data: bytes) -> None:
    _use_tree(
        "ff", "splits/train.json", data, "original_sequences/youtube/000", "manipulated_sequences/Deepfakes/000_003"
    )


@target(seeds.testing_videos, "text", 2_000)
def celeb_tree(data: bytes) -> None:
    _use_tree("celeb", "List_of_testing_videos.txt", data, "Celeb-real/id0_0001", "Celeb-synthesis/id0_id1_0001")


def _quiet(_: str) -> None:
    """Takes what is said of rows that are left out."""


def _pictures(folder: str) -> None:
    if not Path(folder).exists():
        for i, content in enumerate(seeds.pictures()[:2]):
            _put(f"{folder}/{i}.png", content)


def _use_tree(root: str, listing: str, data: bytes, *folders: str) -> None:
    """A published tree with pictures in some of its folders and the hostile bytes for its listing."""
    from edgedf.data.readers import open_dataset

    for folder in folders:
        _pictures(str(Path(root, folder)))
    _put(f"{root}/{listing}", data)
    _use_dataset(lambda: open_dataset(Path(root), skip_broken=True, log=_quiet))


def _use_dataset(opened: Callable[[], Any]) -> None:
    from edgedf.faces.crop import CropRule

    dataset = opened()
    assert len(dataset) == len(dataset.paths) == len(dataset.labels) == len(dataset.originals) > 0
    for box in dataset.boxes:
        if box:
            CropRule().square(box, 64, 48)


@target(seeds.pictures, "binary", 6_000)
def picture(data: bytes) -> None:
    from edgedf.faces.crop import CropRule, read_image

    pixels = read_image(_put("picture", data))
    assert pixels.ndim == 3 and pixels.shape[2] == 3
    CropRule().whole(pixels)


@target(seeds.videos, "binary", 1_500)
def video(data: bytes) -> None:
    from edgedf.runtime.live.stored import read_video
    from edgedf.runtime.video.header import read_header

    path = _put("film.mp4", data)
    header = read_header(path)
    assert header.rate > 0
    for one in islice(read_video(path, lambda: False), 50):
        assert one is None or one.pixels.ndim == 3
    with suppress(InputError):
        _prepared(path)


def _prepared(path: Path) -> None:
    from edgedf.data.prepare.video import Video
    from edgedf.faces.crop import CropRule

    for frame in islice(Video(path).every(3), 20):
        frame.cut(CropRule(), (0.0, 0.0, float(min(frame.width, frame.height))))


# Settings and words


@target(seeds.configs, "text", 6_000)
def config(data: bytes) -> None:
    from edgedf.training.config import DistillConfig, TrainConfig

    path = _put("config.toml", data)
    for kind in (TrainConfig, DistillConfig):
        try:
            found = kind.load(path)
        except EdgedfError as error:
            refused = error
            continue
        again = _put("again.toml", found.to_toml().encode())
        assert kind.load(again) == found
        return
    raise refused


@target(seeds.overrides, "text", 3_000)
def overrides(data: bytes) -> None:
    from edgedf.training.config import DistillConfig
    from edgedf.training.toml import parse_overrides

    found = DistillConfig.from_dict(parse_overrides(data.decode("utf-8", "surrogateescape").split("\n")))
    assert found.to_toml()


@target(seeds.words, "text", 4_000)
def words(data: bytes) -> None:
    """What stands in one option: an address, bounds, a rule of the threshold."""
    from edgedf.metrics import check_rule
    from edgedf.report.bounds import parse_bounds
    from edgedf.report.compare import FIGURES
    from edgedf.runtime.live.address import find_live, shown
    from edgedf.runtime.serve.address import Address

    text = data.decode("utf-8", "surrogateescape")
    shown(text)
    Address("127.0.0.1", 1).called_by(text)
    Address("0.0.0.0", 1).called_by(text)
    readers: list[Callable[[str], object]] = [check_rule, Address.parse]
    readers += [lambda one: parse_bounds(one, FIGURES), lambda one: find_live(one, {})]
    for read in readers:
        with suppress(InputError):
            read(text)


# Reports


@target(seeds.reports, "json", 8_000)
def report(data: bytes) -> None:
    """One that is read can be shown, written, and compared with any other."""
    from edgedf.report.compare import compare
    from edgedf.report.html import page
    from edgedf.report.markdown import markdown
    from edgedf.report.merge import read_devices, rows
    from edgedf.report.read import read_report

    sound, path = _put("sound/report.json", seeds.reports()[0]), _put("device/report.json", data)
    found, other = read_report(path), read_report(sound)
    _put("again.json", json.dumps(found.to_dict(), allow_nan=False).encode())
    assert read_report(Path("again.json")) == found
    for old, new in ((found, other), (other, found), (found, found)):
        compare(old, new)
    assert markdown(found) and page(found)
    list(rows(read_devices([path])))


@target(seeds.kept, "json", 3_000)
def kept(data: bytes) -> None:
    """Whatever is kept, the answer is a sound one, and the next run finds it."""
    from edgedf.metrics import Evaluation
    from edgedf.report.kept import kept_once

    file, made = _put("judged.json", data), seeds.evaluation()
    first = kept_once(file, Evaluation, {}, lambda: made)
    assert kept_once(file, Evaluation, {}, lambda: 1 / 0) == first  # type: ignore[arg-type, return-value]


@target(seeds.records, "json", 5_000)
def record(data: bytes) -> None:
    from edgedf.report.record_tables import tables
    from edgedf.report.records import read_record

    assert tables([read_record(_put("record.json", data))])
