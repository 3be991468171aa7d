"""Hostile bundles: each is refused with one printable line and exit code 2, by `bundle verify` and by `detect`.

A row of the table is a name, a function that damages a fresh copy of a sound bundle, and a part of the line. Hashes are
made right again, except where the attack is about them.
"""

import dataclasses
import functools
import gzip
import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper
from PIL import Image
from typer.testing import CliRunner, Result

from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, open_bundle, pack_golden
from edgedf.cli import app
from edgedf.deploy.ncnn import Ncnn
from edgedf.deploy.openvino import Ir, ir_from_onnx
from edgedf.files import sha256
from edgedf.runtime.ncnn_contract import HALF, PIXELS, REDUCTIONS, SQUEEZE
from edgedf.runtime.ncnn_text import Layer, Values, read_layers, write_layers

Damage = Callable[[Path], Path | None]
"""Changes a bundle; gives another path where not the bundle itself is to be opened."""
Change = Callable[[Any], object]

ESCAPE = "\x1b]0;gotcha\x07\u202e\n"  # sets a terminal's title, turns the line around, begins another
MODEL, XML, BIN = "model.onnx", "openvino/model.xml", "openvino/model.bin"
PARAM, PARAM_BIN, GREY = "ncnn/model.param", "ncnn/model.bin", "0=1 1=1 3=1 4=0 5=1 8=0 9=0 6=3"
LINK, OUTSIDE = "is a link or behind one", "is not a path inside the bundle"


# Ways to damage a bundle


def text(change: Callable[[bytes], bytes]) -> Damage:
    """The bytes of the manifest."""

    def damage(bundle: Path) -> None:
        file = bundle / "manifest.json"
        file.write_bytes(change(file.read_bytes()))

    return damage


def manifest(change: Change) -> Damage:
    """What the manifest says; `json` writes NaN too."""

    def changed(old: bytes) -> bytes:
        values = json.loads(old)
        change(values)
        return json.dumps(values).encode()

    return text(changed)


def artefact(**values: Any) -> Damage:
    """What the manifest says of the one artefact."""
    return manifest(lambda all_of_it: all_of_it["artefacts"][0].update(values))


def threshold(number: str) -> Damage:
    """A number that `json` would not write."""
    return text(lambda old: old.replace(b'"threshold": 0.5', f'"threshold": {number}'.encode()))


def put(bundle: Path, name: str, data: bytes) -> None:
    """Changes a file and its hash."""
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_bytes(data)

    def rehash(values: Any) -> None:
        [mine] = [one for one in values["artefacts"] if one["file"] == name] or [None]
        if mine:
            mine["sha256"] = sha256(data)
        else:
            values["files"][name] = sha256(data)

    manifest(rehash)(bundle)


def model(data: bytes | Callable[[bytes], bytes]) -> Damage:
    """The bytes of the ONNX file."""
    return lambda bundle: put(bundle, MODEL, data if isinstance(data, bytes) else data((bundle / MODEL).read_bytes()))


def graph(change: Change) -> Damage:
    """The ONNX graph."""

    def changed(old: bytes) -> bytes:
        proto = onnx.load_from_string(old)
        change(proto)
        return bytes(proto.SerializeToString())

    return model(changed)


def golden(**arrays: Any) -> Damage:
    """Arrays of the golden vectors: their values, the bytes of their member, or a function of what was there."""

    def damage(bundle: Path) -> None:
        with np.load(bundle / GOLDEN) as there:
            old = {"crops": there["crops"], "scores": there[f"scores/{MODEL}"]}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, values in (old | arrays).items():
                content = values(old[name]) if callable(values) else values
                key = f"scores/{MODEL}" if name == "scores" else name
                archive.writestr(f"{key}.npy", content if isinstance(content, bytes) else npy(content))
        put(bundle, GOLDEN, file.getvalue())

    return damage


def golden_file(data: bytes | Callable[[bytes], bytes]) -> Damage:
    """The bytes of the golden vectors."""
    return lambda bundle: put(bundle, GOLDEN, data if isinstance(data, bytes) else data((bundle / GOLDEN).read_bytes()))


def npy(values: Any, header: str = "") -> bytes:
    """An array as numpy writes it, or bytes under a header that lies about them."""
    if header:
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(values)
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def other_artefact(name: str, backend: str, files: dict[str, bytes], alone: bool = False) -> Damage:
    """A further artefact after the sound one, or in its place; it should give the same scores."""

    def damage(bundle: Path) -> None:
        opened = open_bundle(bundle)
        [first] = opened.manifest.artefacts
        crops, scores = opened.golden(first)
        second = dataclasses.replace(first, file=name, backend=backend, precision="f32", tolerance=0.03)
        second = dataclasses.replace(second, weights=next((one for one in files if one != name), ""))
        (bundle / name).parent.mkdir(exist_ok=True)
        written = dataclasses.replace(opened.manifest, artefacts=[first, second]).to_dict()["artefacts"]
        manifest(lambda values: values.update(artefacts=written))(bundle)
        put(bundle, GOLDEN, pack_golden(crops, {MODEL: scores, name: scores}))
        for file, data in files.items():
            put(bundle, file, data)
        if alone:
            (bundle / MODEL).unlink()
            manifest(lambda values: values["artefacts"].pop(0))(bundle)

    return damage


@functools.cache
def ir_of(data: bytes) -> Ir:
    pytest.importorskip("openvino")
    return ir_from_onnx(data)


def ir(change: Callable[[bytes], bytes], weights: Callable[[bytes], bytes] = bytes) -> Damage:
    """The XML of the same network for OpenVINO, alone in its bundle."""

    def damage(bundle: Path) -> None:
        sound = ir_of((bundle / MODEL).read_bytes())
        files = {XML: change(sound.model), BIN: weights(sound.weights)}
        other_artefact(XML, "openvino", files, alone=True)(bundle)

    return damage


def ir_then(change: Damage) -> Damage:
    """A sound XML, and then something else."""

    def damage(bundle: Path) -> None:
        ir(bytes)(bundle)
        change(bundle)

    return damage


def xml(old: str, new: str) -> Damage:
    """One part of that XML."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return ir(change)


def red_in_ncnn() -> Ncnn:
    """The same network for ncnn."""
    grey: Values = {0: 1, 1: 1, 3: 1, 4: 0, 5: 1, 8: 0, 9: 0, 6: 3}
    layers = [
        PIXELS,
        Layer("BinaryOp", "unit", ["pixels"], ["unit"], {0: 3, 1: 1, 2: 255.0}),
        Layer("Split", "both", ["unit"], ["unit0", "unit1"], {}),
        Layer("Reduction", "mean", ["unit0"], ["mean"], REDUCTIONS["ReduceMean"]),
        Layer("Split", "twice", ["mean"], ["embedding", "mean1"], {}),
        Layer("InnerProduct", "head", ["mean1"], ["logit"], {0: 1, 1: 1, 2: 3}),
        Layer("Convolution", "grey", ["unit1"], ["grey"], grey),
        Layer("Squeeze", "flat", ["grey"], ["attention"], SQUEEZE),
    ]
    head = HALF + np.array([8, 0, 0, 0], "<f2").tobytes() + np.array([-4], "<f4").tobytes()
    mean = HALF + np.array([1 / 3, 1 / 3, 1 / 3, 0], "<f2").tobytes() + np.array([0], "<f4").tobytes()
    return Ncnn(write_layers(layers), head + mean)


def ncnn(change: Callable[[bytes], bytes], weights: Callable[[bytes], bytes] = bytes) -> Damage:
    """The text of that network, alone in its bundle; not to be run where its weights are damaged."""

    def damage(bundle: Path) -> None:
        sound = red_in_ncnn()
        files = {PARAM: change(sound.model), PARAM_BIN: weights(sound.weights)}
        other_artefact(PARAM, "ncnn", files, alone=True)(bundle)

    return damage


def ncnn_then(change: Damage) -> Damage:
    """A sound text, and then something else."""

    def damage(bundle: Path) -> None:
        ncnn(bytes)(bundle)
        change(bundle)

    return damage


def ncnn_run(weights: Callable[[bytes], bytes] = bytes) -> Damage:
    """A sound text for a runtime that is there."""

    def damage(bundle: Path) -> None:
        pytest.importorskip("ncnn")
        ncnn(bytes, weights)(bundle)

    return damage


def param(old: str, new: str) -> Damage:
    """One part of that text."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode(), 1)

    return ncnn(change)


def deep(data: bytes) -> bytes:
    """300 layers more."""
    first, *others = read_layers(data)
    names = ["pixels", *(f"t{i}" for i in range(299)), "deep"]
    more = [Layer("ReLU", f"r{i}", [names[i]], [names[i + 1]], {}) for i in range(300)]
    return write_layers([first, *more, *others]).replace(b" pixels unit ", b" deep unit ")


def linked(name: str, target: str = "") -> Damage:
    """A link in place of a file or folder of the bundle, by default to what was there, outside."""

    def damage(bundle: Path) -> None:
        (bundle / name).rename(bundle.parent / "elsewhere")
        (bundle / name).symlink_to(target or bundle.parent / "elsewhere")

    return damage


def replaced(name: str, make: Callable[[Path], object]) -> Damage:
    """Something that is no file in place of one."""

    def damage(bundle: Path) -> None:
        (bundle / name).unlink()
        make(bundle / name)

    return damage


def grown(name: str, size: int) -> Damage:
    """A file with a hole up to a size."""

    def damage(bundle: Path) -> None:
        (bundle / name).touch()
        os.truncate(bundle / name, size)

    return damage


# Attacks that take more than a line


class Payload:
    """Leaves a file where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (Path("unpickled"),)


def pipe(file: Path) -> None:
    os.mkfifo(file)


def appended(bundle: Path) -> None:
    (bundle / MODEL).write_bytes((bundle / MODEL).read_bytes() + b"\0")


def link_to_a_folder(bundle: Path) -> None:
    other_artefact("openvino/model.onnx", "onnxruntime", {"openvino/model.onnx": (bundle / MODEL).read_bytes()})(bundle)
    linked("openvino")(bundle)


def outside_data() -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def constant(**attribute: Any) -> Change:
    return lambda m: m.graph.node.append(helper.make_node("Constant", [], ["w"], **attribute))


def sparse(place: str) -> Change:
    return lambda m: getattr(m.graph.sparse_initializer.add(), place).CopyFrom(outside_data())


def sparse_attribute(proto: Any) -> None:
    attribute = proto.graph.node.add(op_type="Constant", output=["w"]).attribute.add(name="sparse_value")
    attribute.type = onnx.AttributeProto.SPARSE_TENSOR
    attribute.sparse_tensor.values.CopyFrom(outside_data())


def subgraph(proto: Any) -> None:
    branch = helper.make_graph([], "branch", [], [], [outside_data()])
    proto.graph.node.append(helper.make_node("If", ["c"], ["w"], then_branch=branch, else_branch=branch))


def endless_loop(proto: Any) -> None:
    body = helper.make_graph([helper.make_node("Identity", ["on"], ["still"])], "body", [], [])
    proto.graph.node.append(helper.make_node("Loop", ["", "on"], ["w"], body=body))


def function(proto: Any) -> None:
    node = helper.make_node("Constant", [], ["w"], value=outside_data())
    proto.functions.append(helper.make_function("own", "F", [], ["w"], [node], []))


def opens_files(proto: Any) -> None:
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    proto.graph.node.append(helper.make_node("EPContext", [], ["w"], domain="com.microsoft", ep_cache_context="/etc"))


def weight(index: int, value: float) -> Change:
    def change(proto: Any) -> None:
        tensor = proto.graph.initializer[index]
        values: NDArray[np.float32] = np.frombuffer(tensor.raw_data, np.float32).copy()
        values[0] = value
        tensor.raw_data = values.tobytes()

    return change


def dimension(axis: int, size: int) -> Change:
    return lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[axis], "dim_value", size)


def lying_about_size(data: bytes) -> bytes:
    """A member of 64 MB of zeros behind a directory that says it is as small as a sound one."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        small = archive.getinfo("crops.npy").file_size
        arrays = {one: archive.read(one) for one in archive.namelist()}
    file = io.BytesIO()
    arrays["crops.npy"] = arrays["crops.npy"].ljust(64 << 20, b"\0")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            archive.writestr(name, content)
    return file.getvalue().replace(struct.pack("<I", 64 << 20), struct.pack("<I", small))


def packed_by(method: int) -> Callable[[bytes], bytes]:
    def repack(data: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", method) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        return file.getvalue()

    return repack


def bomb(old: bytes) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return old.replace(b"<net ", f'<!DOCTYPE net [<!ENTITY e0 "ha">{entities}]><net a="&e9;" '.encode(), 1)


def hidden_constant(old: bytes) -> bytes:
    """A layer inside the constant's own, after which the constant goes on."""
    inner = b'<layer id="99" name="x" type="Add" version="opset1"></layer>'
    place = old.index(b"<data", old.index(b'type="Const"'))
    return old[:place] + inner + old[place:].replace(b'offset="0"', b'offset="99999999"', 1)


def second_layer(kind: str) -> Callable[[bytes], bytes]:
    layer = f'<layer id="99" name="pixels" type="{kind}" version="opset1"><data shape="1" element_type="u8"/></layer>'
    return lambda old: old.replace(b"</layers>", layer.encode() + b"</layers>")


def foreign_engine(bundle: Path) -> None:
    engine = b'{"fingerprint": "GPU of nobody' + rb"\u001b[31m" + b'"}\n' + bytes(64)
    files = {"tensorrt/model.onnx": (bundle / MODEL).read_bytes(), "tensorrt/model.engine": engine}
    other_artefact("tensorrt/model.onnx", "tensorrt", files, alone=True)(bundle)


def changed_second(change: Change, name: str = "second.onnx", backend: str = "onnxruntime") -> Damage:
    """An artefact that is not the preferred one."""

    def damage(bundle: Path) -> None:
        proto = onnx.load(bundle / MODEL)
        change(proto)
        other_artefact(name, backend, {name: proto.SerializeToString()})(bundle)

    return damage


def missing_bundle(bundle: Path) -> Path:
    return bundle / "nowhere"


def file_for_a_bundle(bundle: Path) -> Path:
    return bundle / MODEL


def wrong_types() -> list[tuple[str, Damage, str]]:
    """A value of another type for each key of the manifest, in each of its tables."""
    rows: list[tuple[str, Damage, str]] = []
    tables: dict[type, Callable[[Any], Any]] = {
        Manifest: lambda values: values,
        InputContract: lambda values: values["input"],
        Artefact: lambda values: values["artefacts"][0],
    }
    for kind, table in tables.items():
        for field in dataclasses.fields(kind):

            def change(values: Any, table: Any = table, key: str = field.name) -> None:
                table(values)[key] = "7" if isinstance(table(values).get(key), float | int) else 7

            name = f"{kind.__name__}: {field.name} of another type"
            rows.append((name, manifest(change), "unknown" if field.name == "schema" else f".{field.name} is"))
    return rows


# The table

PATHS = ["/etc/passwd", "../model.onnx", "a/../../model.onnx", "./model.onnx", "a//b", "", "a/", ".", "..\\model.onnx"]
PATHS += [
    "C:\\model.onnx",
    "C:model.onnx",
    "\\\\host\\share",
    "model.onnx:stream",
    "model.onnx.",
    "m" * 300,
    "mod\u00e8le",
]

HOSTILE: list[tuple[str, Damage, str]] = [
    # Files
    ("the path is a file", file_for_a_bundle, "is not a bundle"),
    ("the path leads nowhere", missing_bundle, "is not a bundle"),
    ("no manifest", lambda bundle: (bundle / "manifest.json").unlink(), "is not a bundle"),
    ("manifest is a link", linked("manifest.json"), LINK),
    ("manifest is a link to endless zeros", linked("manifest.json", "/dev/zero"), LINK),
    ("manifest is a pipe", replaced("manifest.json", pipe), "is not a plain file"),
    ("manifest is a folder", replaced("manifest.json", Path.mkdir), "is not a plain file"),
    ("model is a link", linked(MODEL), LINK),
    ("model is a link to itself", linked(MODEL, MODEL), "is not a plain file"),
    ("model is a link to endless zeros", linked(MODEL, "/dev/zero"), LINK),
    ("model is a link within the bundle", linked(MODEL, GOLDEN), LINK),
    ("model is behind a link", link_to_a_folder, LINK),
    ("model is a pipe", replaced(MODEL, pipe), "is not a plain file"),
    ("model is a folder", replaced(MODEL, Path.mkdir), "is not a plain file"),
    ("model is missing", lambda bundle: (bundle / MODEL).unlink(), "lacks model.onnx"),
    ("golden vectors are missing", lambda bundle: (bundle / GOLDEN).unlink(), "lacks golden.npz"),
    ("model has one byte more", appended, "does not match its hash"),
    ("manifest of 5 MB", grown("manifest.json", 5 << 20), "larger than 4 MB"),
    ("golden vectors of 17 MB", grown(GOLDEN, 17 << 20), "larger than 16 MB"),
    ("model of a gigabyte", grown(MODEL, 1 << 30), "larger than 512 MB"),
    *((f"path {path[:20]!r}", artefact(file=path), OUTSIDE) for path in PATHS),
    ("path out of the bundle among the files", manifest(lambda v: v["files"].update({PATHS[1]: "0" * 64})), OUTSIDE),
    ("path with a NUL", artefact(file="model.onnx\0"), "cannot be printed"),
    ("path with half a character", artefact(file="\ud800"), "cannot be printed"),
    ("two names that differ by case", manifest(lambda v: v["files"].update({"Model.ONNX": "0" * 64})), "by case only"),
    ("one artefact twice", manifest(lambda v: v["artefacts"].append(v["artefacts"][0])), "names a file twice"),
    ("manifest among the files", manifest(lambda v: v["files"].update({"Manifest.json": "0" * 64})), "a file twice"),
    # The manifest's text
    ("empty manifest", text(lambda _: b""), "malformed"),
    ("manifest is a list", text(lambda _: b"[]"), "it is a list, not a table"),
    ("manifest is a number", text(lambda _: b"1"), "it is 1, not a table"),
    ("manifest cut short", text(lambda old: old[:-20]), "malformed"),
    ("manifest in UTF-16", text(lambda old: old.decode().encode("utf-16")), "malformed"),
    ("manifest of no text", text(lambda old: old.replace(b"red", b"\xff\xfe")), "malformed"),
    ("manifest is a pickle", text(lambda _: pickle.dumps(Payload())), "malformed"),
    ("lists without end", text(lambda _: b"[" * 1_000_000), "nested more than 16 deep"),
    (
        "lists nested 900 deep",
        artefact(metrics=json.loads('{"a": ' + "[" * 900 + "]" * 900 + "}")),
        "more than 16 deep",
    ),
    ("a key twice", threshold('0.5, "threshold": 0.9'), "names the key 'threshold' twice"),
    ("infinite number", threshold("1e999"), "1e999 is not a finite number"),
    ("Infinity", artefact(temperature=float("inf")), "Infinity is not a finite number"),
    ("NaN", manifest(lambda v: v["provenance"].update(config=float("nan"))), "NaN is not a finite number"),
    ("number of 400 digits", artefact(temperature=10**400), "is too large a number"),
    ("number of 5000 digits", threshold("1" * 5000), "is too large a number"),
    # What the manifest says
    *wrong_types(),
    ("unknown schema", manifest(lambda v: v.update(schema=2)), "schema 2 is unknown"),
    ("schema is true", manifest(lambda v: v.update(schema=True)), "manifest.schema is True, not a whole number"),
    ("no schema", manifest(lambda v: v.pop("schema")), "schema None is unknown"),
    ("key missing", manifest(lambda v: v.pop("files")), "manifest lacks 'files'"),
    ("key too many", artefact(command="rm -rf /"), "artefacts[0] has a field 'command' that is not known"),
    ("no artefact", manifest(lambda v: v.update(artefacts=[])), "names no artefact"),
    ("artefact is no table", manifest(lambda v: v.update(artefacts=[7])), "artefacts[0] is 7, not a table"),
    ("needs are no texts", artefact(needs=[1]), "needs[0] is 1, not a line of text"),
    (
        "a hash is no text",
        manifest(lambda v: v["files"].update({GOLDEN: 7})),
        "files.golden.npz is 7, not a line of text",
    ),
    ("other hash", artefact(sha256="0" * 64), "does not match its hash"),
    ("hash in capitals", manifest(lambda v: v["artefacts"][0].update(sha256="A" * 64)), "is not a SHA-256"),
    ("short hash", artefact(sha256="abc"), "is not a SHA-256"),
    ("empty hash", manifest(lambda v: v["files"].update({GOLDEN: ""})), "is not a SHA-256"),
    ("file without a hash", manifest(lambda v: v["files"].pop(GOLDEN)), "has no hash of golden.npz"),
    ("weights without a hash", artefact(weights="model.bin"), "has no hash of model.bin"),
    ("threshold below 0", artefact(threshold=-0.1), "the threshold of model.onnx is -0.1"),
    ("threshold above 1", artefact(threshold=1.5), "the threshold of model.onnx is 1.5"),
    ("temperature of 0", artefact(temperature=0), f"temperature of {MODEL}"),
    ("temperature below 0", artefact(temperature=-1), f"temperature of {MODEL}"),
    ("temperature next to 0", artefact(temperature=1e-300), f"temperature of {MODEL}"),
    ("tolerance below 0", artefact(tolerance=-1e-9), f"tolerance of {MODEL}"),
    ("tolerance above 1", artefact(tolerance=1.01), f"tolerance of {MODEL}"),
    ("unknown backend", artefact(backend="../../evil"), "there is no backend '../../evil'"),
    ("labels exchanged", manifest(lambda v: v.update(labels=["fake", "real"])), "labels"),
    ("input of another size", manifest(lambda v: v["input"].update(size=10**9)), "its input is not"),
    ("crop rule of another size", manifest(lambda v: v["input"]["crop"].update(size=10**9)), "the crop rule makes no"),
    ("licence is a number", manifest(lambda v: v["provenance"].update(license=5)), "license is 5, not a line of text"),
    ("about is text", manifest(lambda v: v["provenance"].update(about="x")), "about is 'x', not a list"),
    ("measured is a list", manifest(lambda v: v["provenance"].update(measured=[1])), "measured is a list, not a table"),
    (
        "nothing measured",
        manifest(lambda v: v["provenance"].update(measured={"a": {"artefact": "", "parts": {}}})),
        "nothing was measured on a",
    ),
    ("faces are a number", manifest(lambda v: v["provenance"].update(fitted_on=5)), "fitted_on is 5, not a list"),
    ("escape sequence as name", manifest(lambda v: v.update(name=ESCAPE)), "cannot be printed"),
    ("escape sequence as file", artefact(file=ESCAPE), "cannot be printed"),
    ("escape sequence as key", manifest(lambda v: v["provenance"].update({ESCAPE: 1})), "cannot be printed"),
    ("key of a megabyte", manifest(lambda v: v.update({"x" * (1 << 20): 1})), "manifest has a field 'xxx"),
    # The ONNX file
    ("model is empty", model(b""), "its input is missing"),
    ("model is gzip", model(gzip.compress), "is not an ONNX graph"),
    ("model is a zip", lambda bundle: model((bundle / GOLDEN).read_bytes())(bundle), "is refused"),
    ("model is a pickle", model(pickle.dumps(Payload())), "is refused"),
    ("model is text", model(b"#!/bin/sh\necho gotcha\n"), "is refused"),
    ("model cut short", model(lambda data: data[:-7]), "is not an ONNX graph (cut short)"),
    ("model in the runtime's own format", model(lambda data: data[:4] + b"ORTM" + data[8:]), "is refused"),
    ("input of another name", graph(lambda m: setattr(m.graph.input[0], "name", "image")), "its input is image uint8"),
    ("escape sequence as input", graph(lambda m: setattr(m.graph.input[0], "name", ESCAPE)), r"its input is \x1b]0;"),
    ("input of another size", graph(dimension(1, 224)), "its input is pixels uint8 (N, 224, 256, 3)"),
    ("input of a fixed number", graph(dimension(0, 1)), "its input is pixels uint8 (1, 256, 256, 3)"),
    ("input of floats", graph(lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", 1)), "pixels float32"),
    ("second input", graph(lambda m: m.graph.input.append(m.graph.output[0])), "(N, 256, 256, 3), logit"),
    ("output missing", graph(lambda m: m.graph.output.pop()), "its outputs are"),
    ("outputs exchanged", graph(lambda m: m.graph.output.reverse()), "its outputs are"),
    ("data outside", graph(lambda m: m.graph.initializer.append(outside_data())), "keeps data in another file"),
    ("data outside, in an attribute", graph(constant(value=outside_data())), "keeps data in another file"),
    ("data outside, in sparse values", graph(sparse("values")), "keeps data in another file"),
    ("data outside, in sparse indices", graph(sparse("indices")), "keeps data in another file"),
    ("data outside, in a sparse attribute", graph(sparse_attribute), "keeps data in another file"),
    ("data outside, in a branch", graph(subgraph), "holds a branch or a loop"),
    ("data outside, in a function", graph(function), "defines functions of its own"),
    ("endless loop", graph(endless_loop), "holds a branch or a loop"),
    ("operator that opens files", graph(opens_files), "operator that is not ONNX's own"),
    (
        "domain of nobody",
        graph(lambda m: setattr(m.graph.node[0], "domain", ESCAPE)),
        "operator that is not ONNX's own",
    ),
    ("operator of nobody", graph(lambda m: setattr(m.graph.node[0], "op_type", "Gotcha")), "cannot load it"),
    ("escape sequence as operator", graph(lambda m: setattr(m.graph.node[0], "op_type", ESCAPE)), "cannot load it"),
    ("weight is NaN", graph(weight(1, float("nan"))), "a weight that is not a finite number"),
    ("weight is infinite", graph(weight(2, float("-inf"))), "a weight that is not a finite number"),
    ("scores are NaN", graph(weight(0, 0)), "misses its golden scores by nan"),
    ("other weights", graph(weight(1, -8)), "misses its golden scores by"),
    ("weights of another shape", graph(lambda m: m.graph.initializer[1].dims.__setitem__(0, 9)), "ONNX Runtime"),
    # The golden vectors
    ("golden vectors are empty", golden_file(b""), "golden.npz cannot be read"),
    ("golden vectors are a pickle", golden_file(pickle.dumps(Payload())), "golden.npz cannot be read"),
    ("golden vectors are one array", golden_file(npy([0.5])), "golden.npz cannot be read"),
    ("golden vectors cut short", golden_file(lambda data: data[:-30]), "golden.npz cannot be read"),
    (
        "pickled scores",
        golden(scores=np.array([Payload()] * 2, object)),
        "scores/model.onnx is not an array of numbers",
    ),
    ("a pickle as member", golden(crops=pickle.dumps(Payload())), "crops is not an array"),
    ("a program as header", golden(crops=npy(b"", "__import__('os').abort()\n")), "crops is not an array of numbers"),
    ("bomb", golden(bomb=bytes(17 << 20)), "unpacks to more than 16 MB"),
    ("bomb behind a small size", golden_file(lying_about_size), "golden.npz cannot be read"),
    (
        "array of a terabyte",
        golden(crops=npy(b"", "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }\n")),
        "crops is cut short",
    ),
    ("packed by LZMA", golden_file(packed_by(zipfile.ZIP_LZMA)), "packed by an unusual method"),
    (
        "no crops",
        golden_file(lambda _: pack_golden(np.zeros((0, 256, 256, 3), np.uint8), {MODEL: np.zeros(0, "f4")})),
        "the scores in golden.npz are float32 (0,)",
    ),
    ("no scores", golden_file(pack_golden(np.zeros((1, 256, 256, 3), np.uint8), {})), "golden.npz cannot be read"),
    ("one score too few", golden(scores=lambda old: old[:1]), "the crops in golden.npz are uint8 (2, 256, 256, 3)"),
    ("scores as a table", golden(scores=lambda old: old[:, None]), "the scores in golden.npz are float32 (2, 1)"),
    ("scores of another type", golden(scores=lambda old: old.astype("f8")), "the scores in golden.npz are float64"),
    ("crops of another type", golden(crops=lambda old: old.astype("i2")), "the crops in golden.npz are int16"),
    ("crops of another size", golden(crops=lambda old: old[:, :9]), "the crops in golden.npz are uint8 (2, 9, 256, 3)"),
    ("scores above 1", golden(scores=lambda old: old + 1), "are not between 0 and 1"),
    ("scores are NaN", golden(scores=lambda old: old * np.nan), "are not between 0 and 1"),
    ("other scores", golden(scores=lambda old: old / 2), "misses its golden scores by"),
    # OpenVINO's two files
    ("XML cut short", ir(lambda old: old[:-9]), "is not an OpenVINO IR"),
    ("XML is ONNX", lambda b: ir(lambda _: (b / MODEL).read_bytes())(b), "is not an OpenVINO IR"),
    ("XML is gzip", ir(gzip.compress), "is not an OpenVINO IR"),
    ("XML in UTF-16", ir(lambda old: old.decode().encode("utf-16")), "is not an OpenVINO IR"),
    ("XML with a document type", xml("<net ", '<!DOCTYPE net SYSTEM "file:///etc/passwd"><net '), "a document type"),
    ("XML with an entity bomb", ir(bomb), "a document type"),
    ("XML nested without end", ir(lambda _: b"<net>" + b"<a>" * 100_000), "nested without end"),
    ("XML of 33 MB", ir(lambda old: old + b" " * (33 << 20)), "larger than 32 MB"),
    ("constant at a negative place", xml('offset="0"', 'offset="-8"'), "bytes at -8"),
    ("constant of a negative size", xml('size="', 'size="-'), "a constant of -"),
    ("constant at no number", xml('offset="0"', 'offset="0x0"'), "bytes at 0x0"),
    ("constant at no place", xml('offset="0"', ""), "bytes at no place"),
    ("constant beyond 64 bits", xml('offset="0"', 'offset="18446744073709551615"'), "bytes at 18446744073709551615"),
    ("constant beyond the weights", xml('offset="0"', 'offset="99999999"'), "reach beyond its weights"),
    ("constant hidden behind a layer", ir(hidden_constant), "reach beyond its weights"),
    ("weights are empty", ir(bytes, weights=lambda _: b""), "reach beyond its weights"),
    ("weights cut short", ir(bytes, weights=lambda old: old[:-1]), "reach beyond its weights"),
    ("weights are missing", ir_then(lambda bundle: (bundle / BIN).unlink()), "lacks openvino/model.bin"),
    ("weights are not named", ir_then(artefact(weights="")), "reach beyond its weights"),
    ("other weights for OpenVINO", ir(bytes, weights=lambda old: bytes(len(old))), "refused"),
    ("operator of an extension", xml('version="opset1"', 'version="extension"'), "not OpenVINO's own"),
    ("operator of nobody for OpenVINO", xml('type="Divide"', 'type="Gotcha"'), "OpenVINO"),
    ("loop for OpenVINO", xml("<layers>", "<layers><body></body>"), "a branch or a loop"),
    ("XML with another input", xml('element_type="u8"', 'element_type="f32"'), "its input is"),
    ("XML with a smaller input", xml("?,256,256,3", "?,224,224,3"), "its input is"),
    ("XML with a second input", ir(second_layer("Parameter")), "its input is"),
    ("XML with a fourth output", ir(second_layer("Result")), "its outputs are not"),
    ("XML with another output", ir(lambda old: old.replace(b"logit", b"gotcha")), "its outputs are not"),
    # ncnn's two files
    ("text for ncnn is empty", ncnn(lambda _: b""), "not an ncnn network"),
    ("text for ncnn cut short", ncnn(lambda old: old[:-9]), "not an ncnn network"),
    ("text for ncnn cut to its head", ncnn(lambda old: old[:14]), "not an ncnn network"),
    ("text for ncnn is ONNX", lambda b: ncnn(lambda _: (b / MODEL).read_bytes())(b), "not an ncnn network"),
    ("text for ncnn is gzip", ncnn(gzip.compress), "not an ncnn network"),
    ("text for ncnn of 2 MB", ncnn(lambda old: old + bytes(2 << 20)), "larger than 1 MB"),
    ("text for ncnn with a NUL at its end", ncnn(lambda old: old + b"\0"), "not an ncnn network"),
    ("text for ncnn with a NUL in its head", param("7767517", "7767517\0"), "its first lines"),
    ("text for ncnn with a NUL in a name", param("grey 1 1", "gr\0ey 1 1"), "a name of a layer of kind Convolution"),
    ("text for ncnn with lines of Windows", ncnn(lambda old: old.replace(b"\n", b"\r\n")), "not an ncnn network"),
    ("escape sequence as a layer", param("flat 1 1", f"{ESCAPE} 1 1".replace("\u202e", "")), "not an ncnn network"),
    ("escape sequence as a number", param("6=3", "6=\x1b[2J"), "a parameter '6=\\x1b[2J'"),
    ("more layers than there are", param("7767517\n8 ", "7767517\n9 "), "its first lines"),
    ("layers of a negative number", param("7767517\n8 ", "7767517\n-8 "), "its first lines"),
    ("tensors of a negative number", param("both 1 2", "both 1 -2"), "does not say how much it reads"),
    ("tensors of a great number", param("both 1 2", "both 1 999999999"), "a name of a layer of kind Split"),
    ("tensors of none", param("both 1 2", "both 1 0"), "not an ncnn network"),
    ("a tensor read twice", param(" unit1 grey", " unit0 grey"), "not an ncnn network"),
    ("a tensor of nobody", param(" unit1 grey", " gotcha grey"), "'gotcha' is missing"),
    ("layer of nobody", param("Squeeze", "Gotcha"), "flat is a Gotcha"),
    ("layer that holds weights of its own", param("Squeeze", "MemoryData"), "flat is a MemoryData"),
    ("300 layers more", ncnn(deep), "308 layers"),
    ("channels of a negative number", param("0=1 1=1 3=1", "0=-1 1=1 3=1"), "a parameter '0=-1'"),
    ("parameter of no number", param("0=1 1=1 2=3", "0=1 1=1 77=3"), "2 is missing"),
    ("parameter beyond 32 bits", param("6=3", "6=4294967299"), "a parameter '6=4294967299'"),
    ("list that says it is longer", param("-23303=2,1,2", "-23303=9,1,2"), "a parameter '-23303=9,1,2'"),
    ("input of another size for ncnn", param("0=256 1=256", "0=9999 1=256"), "its input is not pixels"),
    (
        "tensor of a gigabyte",
        param(GREY, "0=4096 1=1 3=1 4=0 5=1 8=0 9=0 6=12288"),
        "products",
    ),
    ("convolution of a billion weights", param("6=3", "6=999999999"), "a convolution of 999999999 weights"),
    ("window that is seen for minutes", param(GREY, "0=1 1=256 3=1 4=255 5=1 8=0 9=0 6=196608"), "products"),
    ("step out of 32 bits", param("0=1 1=1 3=1", "0=1 1=1 3=999999999"), "no window"),
    ("weights for ncnn cut short", ncnn(bytes, lambda old: old[:-1]), "its weights are cut short"),
    ("weights for ncnn are empty", ncnn(bytes, lambda _: b""), "its weights are cut short"),
    ("weights for ncnn are too many", ncnn(bytes, lambda old: old + bytes(8)), "8 bytes of weights are left over"),
    ("weights for ncnn of 65 MB", ncnn(bytes, lambda old: old + bytes(65 << 20)), "its weights are larger than 64 MB"),
    ("weights for ncnn are zeros", ncnn(bytes, lambda old: bytes(len(old))), "its weights are of another type"),
    ("weights for ncnn are NaN", ncnn(bytes, lambda old: old[:-4] + b"\0\0\xc0\x7f"), "not a finite number"),
    ("weights for ncnn are missing", ncnn_then(lambda b: (b / PARAM_BIN).unlink()), f"lacks {PARAM_BIN}"),
    ("weights for ncnn are not named", ncnn_then(artefact(weights="")), "its weights are cut short"),
    ("other weights for ncnn", ncnn_run(lambda old: old.replace(b"\0\x48", b"\0\x40")), "misses its golden scores by"),
    # TensorRT, which is not on every machine
    ("engine of another GPU", foreign_engine, "tensorrt/model.onnx"),
    ("second artefact with a function", changed_second(function), "second.onnx is refused: it defines functions"),
    ("TensorRT graph with data outside", changed_second(subgraph, "rt.onnx", "tensorrt"), "rt.onnx is refused"),
]

# What does not touch the preferred artefact: `detect` works, `bundle verify` tells.
FOR_VERIFY: list[tuple[str, Damage, str]] = [
    ("file that nobody checked", lambda b: (b / "evil.so").touch(), "evil.so is not in the manifest"),
    ("link that nobody checked", lambda b: (b / "evil").symlink_to("/"), "evil is not in the manifest"),
    ("escape sequence as a file", lambda b: (b / ESCAPE.replace("/", "")).touch(), r"\x1b]0;gotcha"),
    ("second artefact with other weights", changed_second(weight(1, -8)), "second.onnx is refused: it misses"),
    (
        "TensorRT graph of no sense",
        changed_second(lambda m: setattr(m.graph.node[0], "op_type", "Gotcha"), "rt.onnx", "tensorrt"),
        "rt.onnx is refused: it is not sound ONNX",
    ),
]


@pytest.fixture
def bundle(make_bundle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return make_bundle("red")


def verify(bundle: Path) -> Result:
    return CliRunner().invoke(app, ["bundle", "verify", str(bundle)])


def detect(bundle: Path) -> Result:
    Image.new("RGB", (256, 256)).save("face.png")
    return CliRunner().invoke(app, ["detect", "--crops", "face.png", "--model", str(bundle)])


def parametrized(rows: list[tuple[str, Damage, str]]) -> pytest.MarkDecorator:
    parameters = [pytest.param(damage, part, id=name.encode("unicode_escape").decode()) for name, damage, part in rows]
    return pytest.mark.parametrize(("damage", "part"), parameters)


def check_refused(result: Result, part: str, native: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("edgedf: ")
    line = result.stderr.removesuffix("\n")
    assert line.isprintable()
    assert len(line) < 3000
    assert part in line
    assert native == "", "what a runtime's own code printed"


@parametrized(HOSTILE)
def test_a_hostile_bundle_is_refused_in_one_line(
    damage: Damage, part: str, bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = damage(bundle) or bundle
    for command in (verify, detect):
        check_refused(command(path), part, capfd.readouterr().err)
    assert not Path("unpickled").exists()


@parametrized(FOR_VERIFY)
def test_verify_checks_what_detect_does_not_use(
    damage: Damage, part: str, bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damage(bundle)
    assert detect(bundle).exit_code == 0
    check_refused(verify(bundle), part, capfd.readouterr().err)


@pytest.mark.parametrize("damage", [lambda _: None, ir(bytes), ncnn_run()], ids=["ONNX", "OpenVINO", "ncnn"])
def test_what_is_damaged_above_was_sound(damage: Damage, bundle: Path) -> None:
    damage(bundle)
    for command in (verify, detect):
        assert command(bundle).exit_code == 0


def test_verify_says_which_artefacts_could_not_be_run(bundle: Path) -> None:
    changed_second(lambda _: None, "rt.onnx", "tensorrt")(bundle)
    result = CliRunner().invoke(app, ["bundle", "verify", str(bundle), "--json"])
    assert result.exit_code == 0
    first, second = json.loads(result.stdout)["artefacts"]
    assert first == {"file": MODEL, "backend": "onnxruntime", "replayed": True, "reason": ""}
    assert (second["file"], second["replayed"]) == ("rt.onnx", False)
    assert "tensorrt is not installed" in second["reason"]
