"""From a model to its record, and from records to tables and a picture."""

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgedf.data.dataset import write_dataset
from edgedf.data.packed import pack
from edgedf.data.readers import open_dataset
from edgedf.deploy import candidate
from edgedf.deploy.forms import Form, Loaded, time_forms
from edgedf.errors import InputError
from edgedf.metrics import choose_threshold, evaluate, prevalence_weights
from edgedf.programs import load, root, run
from edgedf.report.records import Record, Timing, read_record, unpacked, unpacked_scores, write_record
from edgedf.runtime.backends import load_backend
from edgedf.training.config import DistillConfig

MakeBundle = Callable[..., Path]
METRICS = "epoch,train_loss,auc,f1,seconds,images_per_second\n0,.6,.61234567,.3,10.0,100.0\n1,.5,.7,.4,20.5,100.0\n"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three crops of each of twelve videos, all of the split `test`; reals and fakes share the names of videos."""
    root = tmp_path_factory.mktemp("clips")
    random = np.random.default_rng(1)
    columns: dict[str, list[str]] = {name: [] for name in ("path", "label", "split", "group", "method", "video")}
    for i in range(36):
        fake, video = i % 2, i // 6
        red = int(np.clip(random.normal(110 + 60 * fake, 30), 0, 255))
        Image.new("RGB", (256, 256), (red, 0, int(random.integers(256)))).save(root / f"{i}.png")
        row = (f"{i}.png", ["real", "fake"][fake], "test", f"person{video}", ["", "swap"][fake], f"video{video}")
        for name, cell in zip(columns, row, strict=True):
            columns[name].append(cell)
    write_dataset(root, columns)
    return root


def record(model: Path, data: list[Path], out: Path, **options: object) -> Record:
    run("benchmarks/record.py", model, data=data, out=out, **options)
    return read_record(out)


def test_one_threshold_is_chosen_on_the_first_set_and_kept(
    faces: Path, clips: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    graph = tmp_path / "red.onnx"
    shutil.copy(make_bundle("red") / "model.onnx", graph)
    found = record(graph, [faces, clips], tmp_path / "red.json")
    assert [one.split for one in found.faces] == ["val", "test"]
    [entry] = found.entries
    first, second = entry.judgements
    crops = pack(open_dataset(faces).split("val"))
    scores = unpacked_scores(first.scores)
    chosen = choose_threshold(crops.labels, scores, "f1", prevalence_weights(crops.labels, 0.17))
    assert entry.threshold == pytest.approx(chosen, abs=1e-4)
    assert (first.evaluation.rule, second.evaluation.rule) == ("f1, cross-fitted", "given")
    assert first.evaluation.threshold == second.evaluation.threshold == entry.threshold
    assert first.evaluation.prevalence == second.evaluation.prevalence == 0.17
    assert first.methods.keys() == {"swap", "blend"} and second.methods.keys() == {"swap"}
    assert first.at_recall_95 is not None and second.at_recall_95 is None
    assert first.at_recall_95.recall.value >= 0.8
    assert unpacked(found.faces[0].labels).tolist() == crops.labels.tolist()
    assert len(set(unpacked(found.faces[0].groups).tolist())) == len(set(crops.groups))


def test_videos_are_judged_by_the_mean_of_their_faces(
    faces: Path, clips: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    found = record(make_bundle("red"), [faces, clips], tmp_path / "red.json")
    [entry] = found.entries
    assert entry.threshold == 0.5  # its own
    first, second = entry.judgements
    assert first.videos is None and second.videos is not None
    dataset = open_dataset(clips)
    keys = list(zip(dataset.columns["video"], dataset.labels.tolist(), strict=True))
    scores = unpacked_scores(second.scores)
    names = sorted(set(keys))
    means = np.array([scores[[one == key for one in keys]].mean() for key in names])
    labels = np.array([label for _, label in names], np.uint8)
    expected = evaluate(labels, means, [video for video, _ in names], threshold=0.5, prevalence=0.17)
    assert second.videos.images == 12
    assert second.videos.matrix == expected.matrix
    assert second.videos.auc.value == pytest.approx(expected.auc.value)


def test_videos_of_the_set_that_the_threshold_was_chosen_on_are_cross_fitted(
    clips: Path, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    own = pack(open_dataset(clips).split("test")).fingerprint
    [entry] = record(make_bundle("red", fitted_on=[own]), [clips], tmp_path / "red.json").entries
    [judgement] = entry.judgements
    assert judgement.videos is not None and judgement.videos.rule == "f1, cross-fitted"


def test_a_run_is_told_by_its_config_and_history_without_a_path(faces: Path, student_run: Path, tmp_path: Path) -> None:
    config = DistillConfig(
        data=["/home/someone/faces", "C:\\someone\\gan"],
        size="nano",
        teacher="/home/someone/teacher.safetensors",
        weights="/home/someone/start.safetensors",
        forge=0.5,
        pairs=True,
    )
    (student_run / "config.toml").write_text(config.to_toml())
    (student_run / "metrics.csv").write_text(METRICS)
    found = record(student_run, [faces], tmp_path / "r.json", name="mine", ablation_of="full", prevalence=0.3)
    training = found.training
    assert training is not None
    assert (training.data, training.started_from, training.teacher) == (
        ["faces", "gan"],
        "start.safetensors",
        "teacher.safetensors",
    )
    assert (training.training_s, training.images_shown) == (30.5, 3050)
    assert (training.val_auc, training.val_f1) == ([0.6123, 0.7], [0.3, 0.4])
    assert (training.settings["forge"], training.settings["logit_weight"]) == (0.5, 0.1)
    assert (found.name, found.ablation_of, found.prevalence) == ("mine", "full", 0.3)
    assert found.architecture == {"kind": "student", "size": "nano"} and found.parameters > 100_000
    text = (tmp_path / "r.json").read_text()
    assert "someone" not in text and str(faces) not in text and "person" not in text and ".png" not in text


def test_a_mean_of_runs_has_no_time_of_its_own(faces: Path, student_run: Path, tmp_path: Path) -> None:
    (student_run / "metrics.csv").write_text("epoch,auc,f1\n0,.61234567,.3\n")
    training = record(student_run, [faces], tmp_path / "r.json").training
    assert training is not None
    assert (training.training_s, training.images_shown, training.val_auc) == (None, None, [0.6123])


def test_a_timed_bundle_is_timed_as_it_is_and_completed_for_the_other_runtime(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle("red")
    graph = (bundle / "model.onnx").read_bytes()

    def made(name: str, graph: bytes) -> dict[Form, Loaded]:
        """Instead of four artefacts, which take long to make and have a test elsewhere."""
        loaded = Loaded(load_backend("onnxruntime", graph, 1), 9.0)
        return {Form(name, *one): loaded for one in itertools.product(("onnxruntime", "openvino"), ("fp32", "int8"))}

    monkeypatch.setattr(candidate, "graph_forms", made)
    monkeypatch.setattr(load("benchmarks/record.py"), "time_forms", partial(time_forms, rounds=1))
    found = record(bundle, [faces], tmp_path / "results" / "red.json", latency=True)
    sizes = {(one.backend, one.precision): one.size_mb for one in found.timings}
    made_anew = {("onnxruntime", "int8"): 9.0, ("openvino", "fp32"): 9.0, ("openvino", "int8"): 9.0}
    assert sizes == {("onnxruntime", "fp32"): len(graph) / 1e6} | made_anew
    assert all(0 < one.latency_ms_p50 <= one.latency_ms_p95 for one in found.timings)


def test_tables_and_picture_are_made_from_a_folder_of_records(
    faces: Path, make_bundle: MakeBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = record(make_bundle("red"), [faces], tmp_path / "results" / "red.json", ablation_of="blue")
    timings = [Timing(one, "int8", 0.1, 1.0, 1.2, 9) for one in ("onnxruntime", "openvino")]
    write_record(tmp_path / "results" / "blue.json", replace(found, name="blue", ablation_of="", timings=timings))
    run("student/tables.py", tmp_path / "results")
    out = capsys.readouterr().out
    assert str(found.entries[0].judgements[0].evaluation.auc) in out
    assert "| red | blue |  | +0.000 [+0.000, +0.000] |" in out
    run("student/pareto.py", tmp_path / "results", tmp_path / "pareto.svg")
    assert "blue: AUC" in (tmp_path / "pareto.svg").read_text()


def test_the_published_tables_and_picture_are_those_of_the_records(tmp_path: Path) -> None:
    student = root() / "student"
    assert (student / "tables.md").read_text() == run("student/tables.py")["markdown"] + "\n"
    run("student/pareto.py", out=tmp_path / "pareto.svg")
    assert (student / "pareto.svg").read_text() == (tmp_path / "pareto.svg").read_text()


def test_a_record_is_small_and_whole(faces: Path, clips: Path, make_bundle: MakeBundle, tmp_path: Path) -> None:
    record(make_bundle("red"), [faces, clips], tmp_path / "red.json")
    text = (tmp_path / "red.json").read_text()
    assert len(text) < 20_000
    assert json.loads(text)["schema"] == 1


def test_what_can_be_refused_early_is(faces: Path, make_bundle: MakeBundle, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    with pytest.raises(InputError, match="not a run"):
        record(tmp_path, [faces], out)
    with pytest.raises(InputError, match=r"nowhere\.onnx: there is no such file"):
        record(tmp_path / "nowhere.onnx", [faces], out)
    with pytest.raises(InputError, match="two of the datasets have one name"):
        record(make_bundle("red"), [faces, faces], out)
    with pytest.raises(InputError, match="prevalence 2 is not between"):
        record(make_bundle("red"), [faces], out, prevalence=2)
    assert not out.exists()
