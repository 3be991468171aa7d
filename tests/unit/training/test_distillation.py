"""The distillation objective and the teacher's cache."""

import dataclasses
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import InputError
from edgedf.nn.detector import Output
from edgedf.nn.student import Student
from edgedf.nn.teacher import Teacher
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import DistillConfig
from edgedf.training.distillation import (
    CachedGuide,
    Distillation,
    Guidance,
    Guide,
    attention_loss,
    feature_loss,
    soft_label_loss,
)
from edgedf.training.losses import Supervised


@pytest.fixture(scope="module")
def guide() -> Guide:
    torch.manual_seed(0)
    return Guide(Teacher("efficientnet_b0", 64))


class Counting(Guide):
    """Counts the views it is asked about."""

    def __init__(self, guide: Guide) -> None:
        self.teacher, self.channels, self.asked = guide.teacher, guide.channels, 0

    def __call__(self, batch: Batch) -> Guidance:
        self.asked += len(batch.pixels)
        return super().__call__(batch)


def _cached(guide: Guide, root: Path, images: int) -> CachedGuide:
    return CachedGuide(guide, root, "key", images, views=2)


def test_stored_answers_give_the_same_loss_to_the_bit(
    guide: Guide, tmp_path: Path, train_faces: PackedFaces, config: DistillConfig
) -> None:
    torch.manual_seed(0)
    student = Student("nano").eval()
    cached = _cached(guide, tmp_path, len(train_faces))
    batch = next(Batches(train_faces, config).epoch(0))
    stored, direct = (Distillation(g, student, Supervised(), config) for g in (cached, guide))
    stored.load_state_dict(direct.state_dict())
    output = student(batch.pixels)
    for _ in range(2):  # computed and stored, then read
        assert torch.equal(stored(output, batch)["loss"], direct(output, batch)["loss"])


def test_a_view_is_asked_about_once_even_by_a_later_process(
    guide: Guide, tmp_path: Path, train_faces: PackedFaces, config: DistillConfig
) -> None:
    for asked in (64, 0):
        counting = Counting(guide)
        cached = _cached(counting, tmp_path, len(train_faces))
        for epoch in range(4):
            for batch in Batches(train_faces, config).epoch(epoch):
                cached(batch)
        assert counting.asked == asked


def test_a_stored_view_takes_at_most_16_kilobytes(guide: Guide, tmp_path: Path) -> None:
    _cached(guide, tmp_path, 10)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.*")) / 20 <= 16 * 1024


def test_a_full_disk_is_told_before_it_is_full(guide: Guide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And answers that are stored already need no room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10 * 2 * 12 * 1024))
    with pytest.raises(InputError, match="EDGEDF_CACHE"):
        _cached(guide, tmp_path, 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10 * 2 * 16 * 1024))
    _cached(guide, tmp_path, 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    _cached(guide, tmp_path, 10)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system cannot")
def test_the_disk_is_taken_at_once(guide: Guide, tmp_path: Path) -> None:
    """A hole in a map would kill the training that fills it on a full disk."""
    _cached(guide, tmp_path, 10)
    assert all(stat.st_blocks * 512 >= stat.st_size > 0 for stat in (file.stat() for file in tmp_path.rglob("*.*")))


def test_the_teacher_is_frozen_and_not_in_the_checkpoint(
    guide: Guide, train_faces: PackedFaces, config: DistillConfig
) -> None:
    student = Student("nano")
    distillation = Distillation(guide, student, Supervised(), config).train()
    assert not guide.teacher.training
    before = {name: value.clone() for name, value in guide.teacher.state_dict().items()}
    batch = next(Batches(train_faces, config).epoch(0))
    distillation(student(batch.pixels), batch)["loss"].backward()
    assert all(p.grad is None for p in guide.teacher.parameters())
    assert all(torch.equal(value, before[name]) for name, value in guide.teacher.state_dict().items())
    assert list(distillation.state_dict()) == ["projector.weight", "projector.bias"]
    assert all(p.grad is not None for p in distillation.parameters())


def test_weights_of_the_terms(guide: Guide, train_faces: PackedFaces, config: DistillConfig) -> None:
    student = Student("nano")
    weights = {"logit_weight": 2.0, "hard_weight": 3.0, "feature_weight": 5.0, "attention_weight": 7.0}
    distillation = Distillation(guide, student, Supervised(), dataclasses.replace(config, **weights))
    batch = next(Batches(train_faces, config).epoch(0))
    terms = {name: value.item() for name, value in distillation(student(batch.pixels), batch).items()}
    expected = 3 * terms["label"] + 2 * terms["soft_label"] + 5 * terms["feature"] + 7 * terms["attention"]
    assert terms["loss"] == pytest.approx(expected, rel=1e-5)


def test_each_term_is_least_where_student_and_teacher_agree() -> None:
    torch.manual_seed(0)
    logit, features, maps = torch.randn(4, 1), torch.randn(4, 6, 8, 8), torch.rand(4, 16, 16)
    other = torch.randn(4, 1), torch.randn(4, 6, 8, 8), torch.rand(4, 16, 16)
    assert soft_label_loss(logit, logit, 2.0) < soft_label_loss(other[0], logit, 2.0)
    assert feature_loss(3 * features, features) == pytest.approx(0, abs=1e-6)
    assert feature_loss(other[1], features) > 0.5
    assert attention_loss(0.5 * maps, maps) == pytest.approx(0, abs=1e-6)
    assert attention_loss(other[2], maps) > 0.1


def test_soft_labels_keep_their_gradient_when_softened() -> None:
    """The factor T^2 keeps gradients of one size: at small logits they do not depend on T."""
    gradients = []
    for temperature in (1.0, 4.0):
        logit = torch.full((1, 1), 0.02, requires_grad=True)
        soft_label_loss(logit, torch.full((1, 1), -0.02), temperature).backward()  # type: ignore[no-untyped-call]
        assert logit.grad is not None
        gradients.append(logit.grad.item())
    assert gradients[0] == pytest.approx(gradients[1], rel=0.01)


def test_output_without_features_is_a_mistake_of_ours(guide: Guide, config: DistillConfig) -> None:
    distillation = Distillation(guide, Student("nano"), Supervised(), config)
    output = Output(torch.zeros(1, 1), torch.zeros(1, 16, 16), torch.zeros(1, 3))
    batch = Batch(torch.zeros(1, 256, 256, 3), torch.zeros(1, 1), torch.zeros(1, 3), torch.zeros(1), 0)
    with pytest.raises(AssertionError):
        distillation(output, batch)
