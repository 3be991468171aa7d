"""What the distillation program decides itself."""

import csv
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgedf.data.drawn import draw_dataset
from edgedf.data.packed import PackedFaces, pack_split
from edgedf.errors import ConfigError
from edgedf.nn.student import Student
from edgedf.nn.trunks import Lite2Trunk
from edgedf.programs import config_path, load
from edgedf.training import pretraining
from edgedf.training.checkpoints import save_checkpoint
from edgedf.training.config import DistillConfig, TrainConfig
from edgedf.training.faces import load_splits
from edgedf.training.guide import Guide
from edgedf.training.models import build_model, load_pretrained
from edgedf.training.run import Run, latest_run, open_run

METRICS = {"auc": 0.9, "f1": 0.6, "precision": 0.6, "recall": 0.6}


@pytest.fixture
def teacher(tmp_path: Path) -> Run:
    config = TrainConfig(prevalence=0.17)
    save_checkpoint(tmp_path / "best_model.pth", {"metrics": METRICS})
    (tmp_path / "config.toml").write_text(config.to_toml())
    return Run(tmp_path, config)


@pytest.mark.parametrize(("own", "used"), [(0.0, 0.17), (0.3, 0.3)])
def test_a_student_without_a_share_of_fakes_takes_its_teachers(
    teacher: Run, own: float, used: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else labels and soft labels would ask for different logits."""
    program: Any = load("student/distill.py")
    seen: list[float] = []

    def train_student(config: DistillConfig, *_: Any) -> dict[str, float]:
        seen.append(config.prevalence)
        return METRICS

    monkeypatch.setattr(program, "load_splits", lambda config: (None, None))
    monkeypatch.setattr(program, "row_of", lambda *_: METRICS)
    monkeypatch.setattr(program, "train_student", train_student)
    program.main(DistillConfig(teacher=str(teacher.path), prevalence=own), teacher.path / "student")
    assert seen == [used, used]
    assert DistillConfig.load(teacher.path / "student" / "config.toml").prevalence == used


@pytest.mark.parametrize(
    ("change", "measured"),
    [({}, False), ({"faces": "other"}, True), ({"prevalence": 0.3}, True), ({"rule": "fpr=.1"}, True)],
)
def test_the_teacher_stands_beside_its_students_on_the_same_faces_and_terms(
    teacher: Run, change: dict[str, Any], measured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    program: Any = load("student/distill.py")
    kept = {"metrics": {**METRICS, "prevalence": 0.17}, "rule": "f1", "fitted_on": ["val"]}
    save_checkpoint(teacher.path / "best_model.pth", kept)
    monkeypatch.setattr(Run, "model", lambda run: None)
    monkeypatch.setattr(program, "logits", lambda model, pixels: np.linspace(-2, 2, 12, dtype=np.float32))
    names, pixels, zeros = [str(i) for i in range(12)], np.zeros((12, 1), np.uint8), np.zeros(12, np.int64)
    labels = np.tile(np.array([0, 1], np.uint8), 6)
    val = PackedFaces(pixels, labels, names, [""] * 12, names, names, zeros, zeros, (change.get("faces", "val"),))
    config = DistillConfig(prevalence=change.get("prevalence", 0.17), threshold_rule=change.get("rule", "f1"))
    row = program.row_of(config, teacher, val)
    assert (row != kept["metrics"]) == measured
    assert row["prevalence"] == config.prevalence


def test_stored_answers_belong_to_the_views(teacher: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other originals, another jitter, forgeries or degradations give other views, so other answers.

    So does another precision.
    """
    program: Any = load("student/distill.py")
    keys = []
    monkeypatch.setattr(program, "CachedGuide", lambda guide, folder, key, *_: keys.append(key))
    monkeypatch.setattr(program, "Guide", lambda model, with_levels: model)
    monkeypatch.setattr(Run, "model", lambda run: None)
    config = DistillConfig()
    crops = np.zeros((2, 256, 256, 3), np.uint8)
    zeros = np.zeros(2, np.int64)
    faces_of = partial(PackedFaces, crops, np.array([0, 1], np.uint8), ["a", "a"], ["", ""], ["0", "1"], ["0", "1"])
    pair, strangers = (faces_of(np.array(originals), zeros, ("made",)) for originals in ([0, 0], [0, 1]))
    others = [replace(config, jitter=0.05), replace(config, pairs=True, forge=0.3), replace(config, degrade=0.3)]
    others += [replace(config, hide=0.3), replace(config, precision="bf16")]
    for settings, faces in [(config, pair), (config, strangers), *((other, pair) for other in others)]:
        program.make_guide(settings, teacher, faces)
    program.make_guide(replace(config, precision="32"), teacher, pair)  # what `auto` is on a CPU
    assert len(set(keys)) == 7


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder beside its drawn faces."""
    root = tmp_path_factory.mktemp("pretrained")
    draw_dataset(root / "drawn", images=60, prevalence=0.4, seed=0)
    program: Any = load("student/distill.py")
    config = DistillConfig.load(config_path("student", "pretrain"))
    config = replace(config, data=[str(root / "drawn")], size="nano", epochs=2, batch_size=8, image_size=64)
    program.main(config, root / "run")
    return root


def test_a_student_is_pretrained_on_imagenets_features_alone(pretrained: Path) -> None:
    """No student without a teacher is trained beside it, and it is none that is judged or shipped."""
    assert not (pretrained / "run" / "without_teacher").exists()
    run = open_run(pretrained / "run")
    assert isinstance(run.config, DistillConfig) and run.config.teacher == "imagenet"
    with (pretrained / "run" / "metrics.csv").open() as file:
        first, last = csv.DictReader(file)
    assert float(last["train_feature"]) < float(first["train_feature"]) and "train_soft_label" not in first
    assert latest_run(pretrained, "student") is None


def test_a_student_starts_from_a_run_and_goes_on_without_it(pretrained: Path, tmp_path: Path) -> None:
    """The last epoch's weights: the best by the labels may be the first, as labels hardly count in pretraining."""
    start = TrainConfig(role="student", size="nano", weights=str(pretrained / "run"))
    student = build_model(start)
    assert load_pretrained(student, start) == "run"
    last = open_run(pretrained / "run").model("final").state_dict()
    assert all(torch.equal(student.state_dict()[name], value) for name, value in last.items())

    program: Any = load("student/distill.py")
    shutil.copytree(pretrained / "run", tmp_path / "start")
    config = DistillConfig(
        teacher="unused",
        data=[str(pretrained / "drawn")],
        size="nano",
        weights=str(tmp_path / "start"),
        epochs=1,
        batch_size=8,
        prevalence=0.4,
        learning_rate=1e-9,
        ema=0.0,
    )
    faces = load_splits(config)
    program.train_student(config, None, *faces, tmp_path / "student", False)
    begun = open_run(tmp_path / "student").model("final").state_dict()
    assert torch.allclose(begun["stem.conv.weight"], last["stem.conv.weight"], atol=1e-6)
    shutil.rmtree(tmp_path / "start")
    program.train_student(replace(config, epochs=2), None, *faces, tmp_path / "student", True)


def test_the_stages_of_a_teacher_are_taught_in_new_views(pretrained: Path, tmp_path: Path) -> None:
    program: Any = load("student/distill.py")
    config = DistillConfig(
        teacher=str(pretrained / "run"),
        data=[str(pretrained / "drawn")],
        size="nano",
        epochs=1,
        batch_size=8,
        views=0,
        teacher_cache=False,
        level_weight=1.0,
    )
    program.main(config, tmp_path / "run", ablation=False)
    with (tmp_path / "run" / "metrics.csv").open() as file:
        [row] = csv.DictReader(file)
    assert 0 < float(row["train_level"]) < 1.5


@pytest.mark.parametrize(
    ("epochs", "cached", "compiled"), [(1, False, False), (100_000, False, True), (100_000, True, False)]
)
def test_a_teacher_that_answers_for_long_is_compiled(
    pretrained: Path, monkeypatch: pytest.MonkeyPatch, epochs: int, cached: bool, compiled: bool
) -> None:
    program: Any = load("student/distill.py")
    calls: list[Guide] = []
    monkeypatch.setattr(Guide, "compile", lambda guide: calls.append(guide))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    views = 1 if cached else 0
    config = DistillConfig(teacher=str(pretrained / "run"), views=views, teacher_cache=cached, epochs=epochs)
    faces = pack_split(pretrained / "drawn", "train")
    program.make_guide(config, open_run(pretrained / "run"), faces)
    assert len(calls) == compiled


@pytest.mark.parametrize(("epochs", "compiled"), [(1, False), (100_000, True)])
def test_imagenets_network_is_compiled_alike(
    pretrained: Path, monkeypatch: pytest.MonkeyPatch, epochs: int, compiled: bool
) -> None:
    program: Any = load("student/distill.py")
    calls: list[nn.Module] = []
    monkeypatch.setattr(pretraining, "Compiled", lambda trunk: calls.append(trunk) or trunk)  # type: ignore[func-returns-value]
    config = DistillConfig(teacher="imagenet", epochs=epochs)
    guide = pretraining.ImageNetGuide(Lite2Trunk(), 64)
    program.objective_of(config, guide, Student("nano"), pack_split(pretrained / "drawn", "train"))
    assert calls == [guide.trunk] * compiled


def test_a_baseline_cannot_teach(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(TrainConfig(role="baseline").to_toml())
    save_checkpoint(tmp_path / "best_model.pth", {"metrics": METRICS})
    program: Any = load("student/distill.py")
    with pytest.raises(ConfigError, match="is a baseline"):
        program.open_teacher(str(tmp_path))
