"""`export/export.py`: a run in, a working bundle out; each wrong use with its line."""

import json
import shutil
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgedf import programs
from edgedf.bundle import open_bundle
from edgedf.cli import app
from edgedf.data.drawn import draw_dataset
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.layers import layer_names
from edgedf.deploy.parity import Parity
from edgedf.errors import BundleError, CheckpointError, ConfigError, GateError, InputError
from edgedf.nn.student import Student
from edgedf.programs import load
from edgedf.runtime import Engine
from edgedf.runtime.choice import load_each
from edgedf.runtime.engine import load_checked
from edgedf.runtime.timing import measure
from edgedf.training.checkpoints import CHECKPOINTS, save_checkpoint
from edgedf.training.config import TrainConfig
from edgedf.training.predict import logits
from edgedf.training.run import open_run
from tests.fake_gpu import FakeGpu

Result = dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What training leaves, as far as export reads it."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    folder.mkdir()
    torch.manual_seed(0)
    config = TrainConfig(role="student", size="nano", data=["/home/ann/faces"], seed=7)
    (folder / "config.toml").write_text(config.to_toml())
    kept = {"weights": Student("nano").state_dict(), "threshold": 0.4, "rule": "f1", "metrics": {}}
    save_checkpoint(folder / CHECKPOINTS["best"], kept)
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn faces; 24 of them are the val split."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_dataset(folder, images=160, prevalence=0.4)
    return folder


@pytest.fixture(scope="module")
def exported(run: Path, drawn: Path) -> Result:
    about = run.parent / "about.md"
    about.write_text("Trained on drawings.\n\nFails at night.\n")
    return export(
        run,
        out=run.parent / "tiny.edgedf",
        data=drawn,
        rule="recall=.9",
        prevalence=0.17,
        spdx="LicenseRef-mine",
        about=about,
    )


def export(*args: Any, **options: Any) -> Result:
    """Where the bundle is, and what is said of its FP32 graph."""
    result: Result = load("export/export.py").main(*args, **options)
    return {"bundle": result["bundle"], **next(one for one in result["artefacts"] if one["precision"] == "fp32")}


def test_the_bundle_scores_as_the_network_does(run: Path, drawn: Path, exported: Result) -> None:
    val = pack(open_dataset(drawn).split("val"))
    with Engine.load(exported["bundle"], threads=1) as engine:
        assert engine.notes == []
        scores = engine.predict(np.asarray(val.pixels))
        assert engine.threshold == exported["threshold"]
    expected = 1 / (1 + np.exp(-logits(open_run(run).model(), val.pixels) / exported["temperature"]))
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert np.mean(scores[val.labels == 1] >= exported["threshold"]) >= 0.9
    evaluation = exported["metrics"]["evaluation"]
    assert (evaluation["rule"], evaluation["prevalence"]) == ("recall=.9, cross-fitted", 0.17)
    assert evaluation["images"] == len(val)


def test_the_bundle_tells_where_it_comes_from_and_no_path(drawn: Path, exported: Result) -> None:
    out = Path(exported["bundle"])
    text = (out / "manifest.json").read_text()
    manifest = json.loads(text)
    assert manifest["architecture"] == {"kind": "student", "size": "nano"}
    origin = manifest["provenance"]
    assert origin["config"]["seed"] == 7
    assert origin["fitted_on"] == [pack(open_dataset(drawn).split("val")).fingerprint]
    assert origin["versions"]["torch"] == version("torch")
    assert "/home" not in text
    assert str(drawn) not in text
    assert "# tiny" in (out / "MODEL_CARD.md").read_text()


def test_without_data_the_runs_own_threshold_is_kept(run: Path, tmp_path: Path) -> None:
    result = export(run, out=tmp_path / "tiny.edgedf")
    assert (result["threshold"], result["temperature"], result["metrics"]) == (0.4, 1.0, {})


def test_what_training_knows_of_its_threshold_is_kept(run: Path, drawn: Path, tmp_path: Path) -> None:
    """On the faces of its choice it is cross-fitted, and figures are stated at its prevalence."""
    source = tmp_path / "run"
    shutil.copytree(run, source)
    kept = open_run(run).checkpoint()
    own = pack(open_dataset(drawn).split("val")).fingerprint
    save_checkpoint(source / CHECKPOINTS["best"], kept | {"fitted_on": own, "metrics": {"prevalence": 0.17}})
    bundle = export(source, out=tmp_path / "tiny.edgedf")["bundle"]
    for model in (source, Path(bundle)):
        found = load("benchmarks/evaluate.py").main(model, drawn)["evaluation"]
        assert (found["rule"], found["prevalence"]) == ("f1, cross-fitted", 0.17)


def test_a_graph_that_disagrees_with_the_network_is_not_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgedf.deploy.source.compare", lambda *_: Parity(2e-4, 0, 0))
    with pytest.raises(GateError, match="disagrees with the network"):
        export(run, out=tmp_path / "tiny.edgedf")
    assert list(tmp_path.iterdir()) == []


def test_wrong_use(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiny.edgedf"
    with pytest.raises(InputError, match="target tflite is unknown: use onnx, openvino, ncnn, tensorrt"):
        export(run, out=out, targets=["onnx", "tflite"])
    with pytest.raises(InputError, match="'mine, all mine' is no SPDX licence expression"):
        export(run, out=out, spdx="mine, all mine")
    with pytest.raises(InputError, match="no calibration method 'mean'"):
        export(run, out=out, method="mean")
    with pytest.raises(InputError, match=r"INT8 artefact is judged .* --data"):
        export(run, out=out, int8=True)
    with pytest.raises(InputError, match="is not a bundle: name the one to write with --out"):
        export(run)
    with pytest.raises(ConfigError, match="threshold rule 'best'"):
        export(run, out=out, rule="best")
    for prevalence in (0, 7):
        with pytest.raises(ConfigError, match=f"prevalence {prevalence} is not between"):
            export(run, out=out, data=tmp_path, prevalence=prevalence)
    for option in ({"rule": "f1"}, {"prevalence": 0.17}, {"split": "val"}):
        with pytest.raises(InputError, match=r"--split, --threshold-rule and --prevalence .* --data"):
            export(run, out=out, **option)
    with pytest.raises(BundleError, match="is not a bundle: choose another place"):
        export(tmp_path / "none", out=run)
    with pytest.raises(InputError, match="is a file"):
        export(tmp_path / "none", out=run / "config.toml" / "tiny.edgedf")
    with pytest.raises(CheckpointError, match=r"not a run \(no config.toml\)"):
        export(tmp_path, out=out)
    with pytest.raises(CheckpointError, match="no such folder"):
        export(tmp_path / "none", out=out)
    with pytest.raises(InputError, match=r"none.edgedf: there is no such folder"):
        export(tmp_path / "none.edgedf")


def test_an_option_that_would_do_nothing_is_refused(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiny.edgedf"
    for option in ({"calibration": tmp_path}, {"method": "minmax"}, {"mixed": True}):
        with pytest.raises(InputError, match=r"are for INT8 artefacts: give these with --int8"):
            export(run, out=out, **option)
    with pytest.raises(InputError, match=r"--sm .* give it with --target tensorrt"):
        export(run, out=out, capabilities=[86])


def test_what_was_measured_stays_where_an_export_without_data_keeps_the_threshold(
    exported: Result, tmp_path: Path
) -> None:
    out = tmp_path / "more.edgedf"
    again = export(Path(exported["bundle"]), out=out, targets=["onnx", "openvino"])
    assert again == {**exported, "bundle": str(out)}
    assert open_bundle(out).manifest.provenance["license"] == "LicenseRef-mine"
    assert "\n\nTrained on drawings.\n\nFails at night.\n\n" in (out / "MODEL_CARD.md").read_text()
    measured, unmeasured = (out / "MODEL_CARD.md").read_text().split("## openvino/model.xml")
    assert "Measured on 24 crops" in measured
    assert "Not measured in this form: the threshold is that of the run or bundle" in unmeasured


def test_without_a_source_the_newest_student_is_exported(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run, Path("runs/mine"))
    with pytest.raises(InputError, match=r"runs/mine is not a bundle: name the one to write with --out"):
        export()
    assert export(out=Path("mine.edgedf"))["threshold"] == 0.4
    assert "exporting runs/mine\n" in capsys.readouterr().out


def test_or_else_the_student_that_comes_with_edgedf(
    exported: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays as it is: another bundle must be named."""
    monkeypatch.chdir(tmp_path)
    shipped = tmp_path / "assets" / "default.edgedf"
    monkeypatch.setattr(programs, "DEFAULT_STUDENT", shipped)
    with pytest.raises(InputError, match=r"default.edgedf is missing, .* name a run or bundle"):
        export(out=Path("mine.edgedf"))
    shutil.copytree(exported["bundle"], shipped)
    for source in (None, shipped):
        with pytest.raises(InputError, match=r"comes with edgedf and stays as it is: name another bundle with --out"):
            export(source)
    assert export(out=Path("mine.edgedf"))["threshold"] == exported["threshold"]
    assert f"exporting {shipped}\n" in capsys.readouterr().out


FILES = [
    "model.int8.onnx",
    "model.onnx",
    "ncnn/model.int8.param",
    "ncnn/model.param",
    "openvino/model.int8.xml",
    "openvino/model.xml",
]
SIMULATED = ["tensorrt/model.fp16.onnx", "tensorrt/model.int8.onnx"]


@pytest.fixture(scope="module")
def everything(run: Path, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with all artefacts, by a gate that lets everything pass."""
    out = tmp_path_factory.mktemp("all") / "all.edgedf"
    program = load("export/export.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "Bounds", lambda: Bounds(drop=1, flips=1))
        patch.setenv("EDGEDF_CACHE", str(out.parent / "cache"))
        program.main(
            run, out=out, targets=["onnx", "openvino", "ncnn", "tensorrt"], int8=True, data=drawn, method="minmax"
        )
    return out


def test_every_target_gets_a_float_and_an_int8_artefact(everything: Path) -> None:
    bundle = open_bundle(everything)
    assert sorted(one.file for one in bundle.manifest.artefacts) == sorted(FILES + SIMULATED)
    for one in bundle.manifest.artefacts:
        assert one.metrics["split"] == "val"
        if "int8" in one.file:
            assert one.needs[0].startswith("an NVIDIA GPU" if one.file in SIMULATED else "any CPU")
        if one.file != "model.onnx":
            assert one.metrics["gate"]["simulated, pending device"] == (one.file in SIMULATED)
    sample = bundle.manifest.provenance["calibration"]
    assert sample["images"] == len(sample["digests"]) > 0


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino", "ncnn"])
def test_each_runtime_takes_its_int8_artefact(everything: Path, drawn: Path, backend: str) -> None:
    val = pack(open_dataset(drawn).split("val"))
    with Engine.load(everything, backend=backend, threads=1) as engine:
        assert engine.artefact.precision.startswith("int8")
        assert engine.notes == []
        assert np.isfinite(engine.predict(np.asarray(val.pixels))).all()


def test_verify_replays_every_artefact_that_can_run_here(everything: Path) -> None:
    result = CliRunner().invoke(app, ["bundle", "verify", str(everything), "--json"])
    assert result.exit_code == 0, result.output
    found = {one["file"]: one["replayed"] for one in json.loads(result.stdout)["artefacts"]}
    assert found == dict.fromkeys(FILES, True) | dict.fromkeys(SIMULATED, False)


def test_the_fastest_artefact_is_used(everything: Path) -> None:
    """As measured again, and longer; the bound leaves room for what else runs here."""
    bundle = open_bundle(everything)
    with Engine.load(everything, threads=1) as engine:
        [note] = engine.notes
        assert note.startswith(f"{', '.join(reversed(SIMULATED))} are not used: tensorrt is not installed")
        chosen = engine.artefact.file
    loaded, failed = load_each(bundle, bundle.manifest.artefacts, partial(load_checked, bundle, threads=1))
    assert (sorted(loaded), sorted(failed)) == (FILES, SIMULATED)
    crop = bundle.golden(bundle.manifest.artefacts[0])[0][:1]
    found = measure({file: partial(one.run, crop) for file, one in loaded.items()}, rounds=15, turn_s=0.02)
    assert found[chosen].latency_ms_p50 < 1.2 * min(one.latency_ms_p50 for one in found.values())


def test_what_breaks_the_gate_is_not_written_and_the_rest_stays(
    run: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = load("export/export.py")
    monkeypatch.setattr(program, "Bounds", lambda: Bounds(flips=-1))
    out = tmp_path / "tiny.edgedf"
    export(run, out=out)
    with pytest.raises(GateError, match=r"model.int8.onnx: worse than allowed"):
        program.main(out, targets=["onnx"], int8=True, data=drawn, method="minmax")
    assert [one.file for one in open_bundle(out).manifest.artefacts] == ["model.onnx"]
    page = (tmp_path / "tiny.gate.md").read_text()
    assert "broken" in page and "Layers to blame" in page
    assert all(f"\n| {name} |" in page for name in layer_names((out / "model.onnx").read_bytes()))
    assert not (tmp_path / "tiny.pareto.svg").exists()
    with Engine.load(out) as engine:
        assert engine.notes == []


def test_mixed_precision_leaves_a_table_and_a_picture_of_what_it_tried(
    everything: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that lets nothing pass has the search try up to all layers but one."""
    program = load("export/export.py")
    monkeypatch.setattr(program, "Bounds", lambda: Bounds(drop=-2))
    monkeypatch.setattr("edgedf.deploy.mixed.ROUNDS", 1)
    monkeypatch.setattr("edgedf.deploy.int8.SENSITIVITY_IMAGES", 4)
    monkeypatch.setattr("edgedf.deploy.dialects.round_weights", lambda *_: None)  # most of the time, and not asked here
    monkeypatch.setenv("EDGEDF_CACHE", str(everything.parent / "cache"))
    options: Result = {"targets": ["onnx", "tensorrt"], "int8": True, "mixed": True, "data": drawn, "method": "minmax"}
    with pytest.raises(GateError):
        program.main(everything, out=tmp_path / "tiny.edgedf", **options)
    page = (tmp_path / "tiny.gate.md").read_text()
    tables = [part.split("\n")[2:] for part in page.split("\n\n") if part.startswith("| layers in floating point")]
    rows = [[[cell.strip() for cell in row.split("|")[1:-1]] for row in table] for table in tables]
    assert [[row[0] for row in table] for table in rows] == [["0", "1", "2", "4", "5", "6"]] * 2
    own, simulated = rows
    assert all(float(row[5]) > 0 for row in own) and all(row[5] == "" for row in simulated)
    shares = [float(row[6].removesuffix("%")) for row in own]
    assert shares == sorted(shares, reverse=True) and shares[0] > 95 and shares[-1] == 0
    assert "](tiny.pareto.svg)" in page
    picture = (tmp_path / "tiny.pareto.svg").read_text()
    assert "model.int8.onnx" in picture and "% of multiply-accumulates" in picture


def test_a_bundle_grows_by_one_target_and_keeps_the_others(everything: Path, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "grown.edgedf"
    shutil.copytree(everything, out)
    before = {one.file: one.sha256 for one in open_bundle(out).manifest.artefacts}
    load("export/export.py").main(out, targets=["openvino"], data=drawn)
    after = {one.file: one.sha256 for one in open_bundle(out).manifest.artefacts}
    assert after.keys() == before.keys()
    assert all(after[name] == before[name] for name in ("model.int8.onnx", "tensorrt/model.int8.onnx"))


def test_on_a_device_the_bundle_keeps_the_engine_that_was_judged(
    run: Path, drawn: Path, gpu: FakeGpu, tmp_path: Path
) -> None:
    out = tmp_path / "device.edgedf"
    load("export/export.py").main(run, out=out, targets=["tensorrt"], data=drawn)
    bundle = open_bundle(out)
    artefact = next(one for one in bundle.manifest.artefacts if one.backend == "tensorrt")
    assert artefact.weights == "tensorrt/model.fp16.engine"
    assert artefact.needs[1].startswith("its engine: Orin, SM 87, TensorRT 10.13.0")
    assert artefact.metrics["gate"]["simulated, pending device"] is False
    shutil.rmtree(tmp_path / "cache")
    gpu.builds.clear()
    with Engine.load(out, backend="tensorrt") as engine:
        assert (engine.notes, gpu.builds) == ([], [])
    gpu.name = "Thor"
    with Engine.load(out, backend="tensorrt") as engine:
        assert "built a TensorRT engine for Thor" in engine.notes[0]


def test_an_artefact_made_anew_loses_the_sites_threshold_and_says_so(
    everything: Path, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "tuned.edgedf"
    shutil.copytree(everything, out)
    load("export/tune.py").main(out, data=drawn)
    load("export/export.py").main(out, targets=["openvino"], data=drawn)
    assert "model.onnx, openvino/model.xml: made anew, so the site's threshold is gone" in capsys.readouterr().out
    tuned = {one.file for one in open_bundle(out).manifest.artefacts if one.site}
    assert tuned == {"model.int8.onnx", "openvino/model.int8.xml", "ncnn/model.param", "ncnn/model.int8.param"}


def test_parity_puts_every_artefact_beside_fp32(everything: Path) -> None:
    result = CliRunner().invoke(app, ["bundle", "parity", str(everything), "--json"])
    assert result.exit_code == 0, result.output
    found = {one["file"]: one for one in json.loads(result.stdout)["artefacts"]}
    assert set(found) == {*FILES, *SIMULATED} - {"model.onnx"}
    assert all(one["simulated"] == (file in SIMULATED) for file, one in found.items())
    assert all(one["departure"] is None for one in found.values())
    half, whole = (found[f"openvino/model{kind}.xml"] for kind in ("", ".int8"))
    for near, far in zip(half["differences"], whole["differences"], strict=True):
        assert near["name"] == far["name"]
        assert 0 < near["mean"] <= near["largest"] < far["largest"]
        assert near["cosine"] > 0.999


def test_parity_stops_at_scores_that_are_too_far_off(everything: Path, tmp_path: Path) -> None:
    out = tmp_path / "off.edgedf"
    shutil.copytree(everything, out)
    manifest = json.loads((out / "manifest.json").read_text())
    for one in manifest["artefacts"]:
        one["tolerance"] = 0.0 if one["file"] == "openvino/model.xml" else 1.0
        one["temperature"] *= 0.001 if one["file"] == "model.int8.onnx" else 1.0
    (out / "manifest.json").write_text(json.dumps(manifest))
    result = CliRunner().invoke(app, ["bundle", "parity", str(out), "--json"])
    assert result.exit_code == 1
    assert {one["file"] for one in json.loads(result.stdout)["artefacts"]} > {"model.int8.onnx", "openvino/model.xml"}
    assert "model.int8.onnx, openvino/model.xml: scores are further from FP32 than rounding explains" in result.stderr


@pytest.mark.parametrize("content", [b"\xff", b"\x1b[2J", b"x" * 70_000], ids=["no UTF-8", "escape", "long"])
def test_what_is_no_text_does_not_reach_the_card(content: bytes, run: Path, tmp_path: Path) -> None:
    about = tmp_path / "about.md"
    about.write_bytes(content)
    with pytest.raises(InputError, match=r"about\.md"):
        export(run, out=tmp_path / "tiny.edgedf", about=about)
    assert not (tmp_path / "tiny.edgedf").exists()
