"""A fault planted in an INT8 artefact shows in the gate, in the robustness card and between two reports."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

import edgedf.deploy.robustness
from edgedf.bundle import GOLDEN, Artefact, InputContract, Manifest, pack_golden, write_bundle
from edgedf.cli import app
from edgedf.data.packed import PackedFaces, pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.evaluation import logits
from edgedf.deploy.gate import judge
from edgedf.faces.crop import CropRule
from edgedf.files import sha256
from edgedf.programs import load
from edgedf.report.read import read_report
from edgedf.runtime.backends import load_backend
from edgedf.runtime.engine import scores

SOUND, FAULTY = 1.0, 0.5  # of the true scale
GAIN = 8.0


@pytest.fixture(autouse=True)
def _little(few_rounds: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few timed calls, and few degradations."""
    monkeypatch.setattr(load("benchmarks/benchmark.py"), "_more", lambda candidates, threads: [{} for _ in candidates])
    monkeypatch.setattr(edgedf.deploy.robustness, "DEGRADED", ("jpeg", "noise"))
    monkeypatch.setattr(edgedf.deploy.robustness, "STRENGTHS", (0.5, 1.0))


def graph(scale: float | None) -> bytes:
    """Logit = 8 x ((red + blue) - blue - .5), the sum in INT8 where a scale is given: as a share of the true one."""
    read = "unit" if scale is None else "coarse"
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "white"], ["unit"]),
        helper.make_node("ReduceMean", [read], ["seen"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMean", ["unit"], ["embedding"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["seen", "sum", "bias"], ["plus"]),
        helper.make_node("MatMul", ["embedding", "blue"], ["minus"]),
        helper.make_node("Sub", ["plus", "minus"], ["logit"]),
        helper.make_node("ReduceMean", ["unit"], ["attention"], axes=[3], keepdims=0),
    ]
    constants = {"white": [255], "sum": [[GAIN], [0], [GAIN]], "blue": [[0], [0], [GAIN]], "bias": [-GAIN / 2]}
    tensors = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items()]
    if scale is not None:
        nodes[2:2] = [
            helper.make_node("QuantizeLinear", ["unit", "step", "zero"], ["levels"]),
            helper.make_node("DequantizeLinear", ["levels", "read step", "zero"], ["coarse"]),
        ]
        tensors += [
            numpy_helper.from_array(np.array(1 / 255, np.float32), "step"),
            numpy_helper.from_array(np.array(scale / 255, np.float32), "read step"),
            numpy_helper.from_array(np.array(0, np.uint8), "zero"),
        ]
    outputs: dict[str, list[str | int]] = {"logit": ["N", 1], "attention": ["N", 256, 256], "embedding": ["N", 3]}
    made = helper.make_graph(
        nodes,
        "red",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 256, 256, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        tensors,
    )
    model: onnx.ModelProto = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def bundle(folder: Path, scale: float | None) -> Path:
    """FP32 and, where a scale is given, INT8, with golden scores that each artefact gave itself."""
    files = {"model.onnx": graph(None)} | ({"model.int8.onnx": graph(scale)} if scale else {})
    crops = np.random.default_rng(1).integers(0, 256, (2, 256, 256, 3), np.uint8)
    golden = pack_golden(
        crops,
        {
            file: scores(load_backend("onnxruntime", model, 1).run(crops).logit[:, 0], 1.0)
            for file, model in files.items()
        },
    )
    artefacts = [
        Artefact(file, sha256(model), "onnxruntime", "int8" if "int8" in file else "fp32", 0.5, "f1", 1.0, 1e-3)
        for file, model in files.items()
    ]
    manifest = Manifest("red", {}, InputContract(CropRule().to_dict()), artefacts, {GOLDEN: sha256(golden)})
    folder.mkdir()
    return write_bundle(folder / "red.edgedf", manifest, files | {GOLDEN: golden}).path


def logit(scale: float | None, faces: PackedFaces) -> NDArray[np.float32]:
    return logits(load_backend("onnxruntime", graph(scale), 1), faces, "it")


def test_a_halved_scale_shows_everywhere(faces: Path, tmp_path: Path) -> None:
    split = pack(open_dataset(faces).split("val"))
    gates = {
        scale: judge(split, logit(None, split), logit(scale, split), "f1", None, Bounds()) for scale in (SOUND, FAULTY)
    }
    assert gates[SOUND] and gates[SOUND].flips == 0
    assert gates[FAULTY].verdict == "broken"

    reports = []
    for name, scale in (("sound", SOUND), ("faulty", FAULTY)):
        path = bundle(tmp_path / name, scale)
        out = tmp_path / name / "report"
        done = CliRunner().invoke(app, ["benchmark", str(path), "--data", str(faces), "--full", "--out", str(out)])
        assert done.exit_code == 0, done.output
        where = "on untouched faces" if scale == FAULTY else "nowhere"
        assert f"red: INT8 departs from floating point {where}" in done.output
        reports.append(out / "report.json")
    found = [one.robustness for one in map(read_report, reports)]
    assert found[0] and found[1] and found[0].images == 60
    [sound], [faulty] = found[0].models, found[1].models
    assert {curve.departs for curve in sound.curves} == {None}
    assert {curve.departs for curve in faulty.curves} == {0.0}
    assert sound.untouched.worth[0] == faulty.untouched.worth[0], "FP32 is the same"

    compared = ["report", "compare", *map(str, reports), "--fail-on", "flips>1%", "--json"]
    told = CliRunner().invoke(app, compared)
    assert told.exit_code == 1 and "red: flips +" in told.stderr
    verdicts = {one["model"]: one["verdict"] for one in json.loads(told.stdout)["changes"] if one["figure"] == "flips"}
    assert verdicts["red"] == verdicts["red, jpeg"] == verdicts["red, noise"] == "worse"


def test_one_artefact_gets_its_curves_alone_and_no_data_no_card(faces: Path, tmp_path: Path) -> None:
    program, path = load("benchmarks/benchmark.py"), bundle(tmp_path / "alone", None)
    program.main([path], out=tmp_path / "report", data=faces, full=True, prevalence=0.17)
    card = read_report(tmp_path / "report" / "report.json").robustness
    assert card and card.prevalence == 0.17
    [model] = card.models
    assert [form.file for form in model.forms] == ["model.onnx"] and model.untouched.apart is None
    assert len(model.curves) == 2 and [step.strength for step in model.curves[0].steps] == [0.5, 1.0]
    program.main([path], out=tmp_path / "report", full=True)
    assert read_report(tmp_path / "report" / "report.json").robustness is None


def test_quick_and_full_exclude_each_other(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["benchmark", str(tmp_path / "none"), "--quick", "--full"])
    assert refused.exit_code == 2
    assert "--quick leaves out what takes long, and --full adds to it: give one of them" in refused.output
