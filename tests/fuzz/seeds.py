"""Small valid inputs of everything that is read, made once a process."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, Site, pack_golden
from edgedf.faces.crop import CropRule
from edgedf.files import sha256
from edgedf.metrics import Evaluation, times_as_fast
from edgedf.metrics.robustness import Robustness
from edgedf.metrics.start import Start
from edgedf.report import DataInfo, Environment, Noise, Report
from edgedf.report.measures import AllCores, Batch, Paced
from edgedf.report.records import write_record
from tests.fuzz.networks import small
from tests.unit.report.conftest import judged, made_roofline, timed
from tests.unit.report.conftest import record as small_record
from tests.unit.report.conftest import result as small_result
from tests.unit.report.test_robustness import DROP, hardiness


@cache
def bundle_files() -> dict[str, bytes]:
    """Files of a bundle, by path, that no runtime could load."""
    return {"model.onnx": b"model", "openvino/model.bin": b"weights", GOLDEN: b"golden"}


@cache
def manifests() -> list[bytes]:
    """One with everything that a manifest may hold, and one with the least."""
    files = bundle_files()
    measured: dict[str, Any] = {"split": "val", "evaluation": asdict(evaluation())}
    site = Site(0.3, "f1", 1.5, measured, ["ab"])
    model = Artefact("model.onnx", sha256(files["model.onnx"]), "onnxruntime", "fp32", 0.5, "f1", 1.0, 1e-3)
    full = replace(model, metrics=measured, needs=["avx2"], weights="openvino/model.bin", site=site)
    hashes = {name: sha256(content) for name, content in files.items() if name != "model.onnx"}
    about = {
        "fitted_prevalence": 0.17,
        "license": "MIT",
        "about": ["a line"],
        "trained_on": ["ab"],
        "measured": {"faces": {"artefact": "model.onnx", "parts": {"all": asdict(evaluation())}}},
        "trained_ranges": {"U8S8": {"logit": [-1.0, 1.0]}},
    }
    contract = InputContract(CropRule().to_dict())
    large = Manifest("x", {"kind": "student"}, contract, [full], hashes, about, temporal={"half_life_s": 3})
    small = Manifest("x", {}, contract, [model], {GOLDEN: hashes[GOLDEN]})
    return [large.to_json().encode(), small.to_json().encode()]


@cache
def goldens() -> list[bytes]:
    """Crops of 8 px, which only the test asks for."""
    return [pack_golden(np.zeros((2, 8, 8, 3), np.uint8), {"model.onnx": np.array([0.1, 0.9], np.float32)})]


@cache
def graphs() -> list[bytes]:
    """One of four nodes."""
    import onnx

    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["embedding"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["embedding", "weights"], ["logit"]),
        helper.make_node("ReduceMean", ["float"], ["attention"], axes=[3], keepdims=0),
    ]
    outputs: dict[str, list[Any]] = {"logit": ["N", 1], "attention": ["N", 256, 256], "embedding": ["N", 3]}
    graph = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("pixels", types.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(name, types.FLOAT, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(np.ones((3, 1), np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return [model.SerializeToString()]


@cache
def irs() -> list[bytes]:
    """As OpenVINO writes them, with a layer of each kind that is looked at."""
    layers = [
        '<layer id="0" name="pixels" type="Parameter" version="opset1">'
        '<data shape="?,256,256,3" element_type="u8"/><output><port id="0" names="pixels"/></output></layer>',
        '<layer id="1" name="w" type="Const" version="opset1">'
        '<data element_type="f32" shape="4,4" offset="0" size="64"/><output><port id="0"/></output></layer>',
        *(
            f'<layer id="{i}" type="Result" version="opset1"><input><port names="{name}"/></input></layer>'
            for i, name in enumerate(("logit", "attention", "embedding"), 2)
        ),
    ]
    return [f'<?xml version="1.0"?><net name="x" version="11"><layers>{"".join(layers)}</layers></net>'.encode()]


@cache
def networks() -> list[bytes]:
    """For ncnn, with few channels."""
    return [small(seed) for seed in range(8)]


@cache
def lots() -> list[bytes]:
    """What some sound networks for ncnn are drawn by."""
    return [b"the second network drawn", b"the third network drawn"]


@cache
def tables() -> list[bytes]:
    """Two pictures each, with and without boxes, groups and splits."""
    return [
        b"path,label,split,group\n0.png,real,train,a\n1.png,fake,val,b\n",
        b"path,label,split,group,original,video,box_x,box_y,box_w,box_h\n"
        b'0.png,real,train,a,,v,1,2,30,40\n"1.png",fake,train,b,0.png,v,1.5,2,3e1,4\n',
        b"path,label\r\n0.png,0\r\n1.png,1\r\n",
    ]


@cache
def dfdc_metadata() -> list[bytes]:
    """Of the pictures 0 and 1."""
    entries = {"0.mp4": {"label": "REAL", "split": "train"}, "1.mp4": {"label": "FAKE", "original": "0.mp4"}}
    return [json.dumps(entries).encode()]


@cache
def official_splits() -> list[bytes]:
    """Pairs of FaceForensics++."""
    return [b'[["000", "003"], ["001", "002"]]']


@cache
def testing_videos() -> list[bytes]:
    """The list of Celeb-DF."""
    return [b"1 Celeb-real/id0_0001.mp4\n0 Celeb-synthesis/id0_id1_0001.mp4\n"]


@cache
def pictures() -> list[bytes]:
    """One in each format and mode that people have."""
    shades = np.random.default_rng(0).integers(0, 255, (12, 16, 4), np.uint8)
    image = Image.fromarray(shades)
    exif = Image.Exif()
    exif[0x0112] = 6
    palette = image.convert("RGB").quantize(16)
    return [
        _saved(image.convert("RGB"), "PNG"),
        _saved(image.convert("L"), "PNG"),
        _saved(image, "PNG"),
        _saved(palette, "PNG", transparency=0),
        _saved(image.convert("RGB"), "JPEG", exif=exif),
        _saved(image.convert("CMYK"), "JPEG"),
        _saved(image.convert("RGB"), "JPEG", progressive=True),
        _saved(image, "WEBP", lossless=True),
        _saved(image.convert("RGB"), "WEBP"),
        _saved(image.convert("RGB"), "BMP"),
        _saved(image.convert("RGB"), "TIFF", compression="tiff_lzw"),
        _saved(image.convert("L"), "TIFF"),
        _saved(palette, "GIF"),
    ]


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@cache
def videos() -> list[bytes]:
    """H.264, Motion JPEG and VP8, a few frames each; none where PyAV is not installed."""
    from tests.unit.runtime.live.clips import clip

    forms: list[tuple[str, dict[str, Any]]] = [
        ("a.mp4", {}),
        ("b.mp4", {"pix_fmt": "yuv444p", "rotation": 90}),
        ("c.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("d.webm", {"codec": "libvpx"}),
    ]
    with TemporaryDirectory() as folder:
        return [clip(Path(folder) / name, frames=7, **options).read_bytes() for name, options in forms]


@cache
def configs() -> list[bytes]:
    """Every key of both kinds of run, and a file as people write it."""
    from edgedf.training.config import DistillConfig, TrainConfig

    whole = [TrainConfig(data=["faces"]).to_toml().encode(), DistillConfig(data=["a", "b"]).to_toml().encode()]
    return [*whole, b'# a comment\nsize = "nano"\nepochs = 3\nlearning_rate = 1e-3\npairs = true\nforge = 0.5\n']


@cache
def overrides() -> list[bytes]:
    """Pairs, one a line."""
    return [b"epochs=3\nsize=nano\nema=.995\npairs=true", b'data=["a"]\ntemperature=2\nthreshold_rule=recall=.95']


@cache
def words() -> list[bytes]:
    """Addresses, bounds and rules."""
    return [
        *(b"127.0.0.1:8765", b"[::1]:8765", b"localhost:1", b"rtsp://user:pass@host:554/stream?x=1", b"/dev/video0"),
        *(b"p50>5%, f1<-0.005", b"recall=.95", b"cost=10:1", b"fpr=.01", b"f1"),
    ]


@cache
def evaluation() -> Evaluation:
    """Of drawn scores."""
    return judged(0.3)


@cache
def reports() -> list[bytes]:
    """One in which everything was measured, and one of the first version."""
    here = Environment("Some CPU", ["avx2"], 2, "Linux x86_64", {"python": "3.11"})
    rounds, again = ([two + i / 100 for i in range(12)] for two in (2.0, 2.002))
    deep = replace(
        timed(small_result("deep", 2, 0.3), rounds),
        batches=[Batch(1, 2.0), Batch(8, 1.5)],
        paced=Paced.of([2.0, 2.5, 40.0], 33.0, 3.0),
        start=Start(900.0, 500.0, 9.0, 200.0, 150.0),
        energy_mj=3.5,
        all_cores=AllCores(8, 1.5, 1.75),
        roofline=replace(made_roofline(), name="deep"),
        parts={"size in px: 20 to 40": evaluation()},
    )
    slower = timed(small_result("slower", 2, 0.3), again)
    slower = replace(slower, times_as_fast=times_as_fast(rounds, again))
    results = [deep, slower, small_result("peer", 2, None)]
    card = Robustness(300, 75, 100, 0.17, DROP, [hardiness("deep", {1.0: 0.0625}, 2)])
    data, noise = DataInfo("faces", "val", "ab12"), Noise.of("deep", rounds, again, 1e-4)
    report = Report("A benchmark", "2026-01-02 03:04 UTC", here, 1, results, data, noise, card)
    old = Path(__file__).parents[1] / "unit" / "report" / "report-1.json"
    return [json.dumps(report.to_dict()).encode(), old.read_bytes()]


@cache
def kept() -> list[bytes]:
    """An evaluation of an empty basis."""
    return [json.dumps({sha256(b"{}"): asdict(evaluation())}).encode()]


@cache
def records() -> list[bytes]:
    """Of a student."""
    return _written(lambda path: write_record(path, small_record()))


def _written(write: Callable[[Path], None]) -> list[bytes]:
    with TemporaryDirectory() as folder:
        write(Path(folder) / "x")
        return [(Path(folder) / "x").read_bytes()]


@cache
def requests() -> list[bytes]:
    """Of a page, of the metrics and, with three masked frames, of the stream; TOKEN stands for the server's."""
    end = b"\r\nHost: localhost\r\nConnection: close\r\n"
    socket = end.replace(b"close", b"Upgrade") + b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    frames = b"\x81\x84\x00\x00\x00\x00next\x81\x89\x00\x00\x00\x00attention\x88\x82\x00\x00\x00\x00\x03\xe8"
    return [
        b"GET /?token=TOKEN HTTP/1.1" + end + b"\r\n",
        b"GET /metrics HTTP/1.1" + end + b"Authorization: Bearer TOKEN\r\nOrigin: http://localhost\r\n\r\n",
        b"POST /?token=TOKEN HTTP/1.1" + end + b"Content-Length: 4\r\n\r\nbody",
        b"GET /stream?token=TOKEN HTTP/1.1" + socket + key + frames,
    ]
