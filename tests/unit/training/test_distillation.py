"""The distillation objective."""

import dataclasses
import shutil

import pytest
import torch
from torch import Tensor

from edgedf.data.packed import PackedFaces
from edgedf.nn.detector import Detector, Output
from edgedf.nn.student import Student
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import DistillConfig
from edgedf.training.distillation import Distillation, attention_loss, feature_loss, soft_label_loss
from edgedf.training.guide import Guide
from edgedf.training.losses import Supervised


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
    config = dataclasses.replace(config, logit_weight=2.0, hard_weight=3.0, feature_weight=5.0, attention_weight=7.0)
    distillation = Distillation(guide, student, Supervised(), config)
    batch = next(Batches(train_faces, config).epoch(0))
    terms = {name: value.item() for name, value in distillation(student(batch.pixels), batch).items()}
    expected = 3 * terms["label"] + 2 * terms["soft_label"] + 5 * terms["feature"] + 7 * terms["attention"]
    assert terms["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_stages_learn_what_the_trunk_sees_where_that_is_asked_for(
    guide: Guide, train_faces: PackedFaces, config: DistillConfig
) -> None:
    student = Student("nano")
    config = dataclasses.replace(config, teacher_cache=False, level_weight=2.0)
    batch = next(Batches(train_faces, config).epoch(0))
    with_levels = Distillation(Guide(guide.teacher, with_levels=True), student, Supervised(), config)
    terms = with_levels(student(batch.pixels), batch)
    terms["loss"].backward()
    names = ("soft_label", "feature", "attention", "label")
    rest = sum(with_levels.weights[name] * terms[name].item() for name in names)
    assert terms["loss"].item() == pytest.approx(rest + 2 * terms["level"].item(), rel=1e-5)
    assert all(p.grad is not None for p in with_levels.level_projectors.parameters())


def test_what_the_trunk_sees_lies_where_the_crop_shows_it() -> None:
    """A box on the crop's left, and a trunk that sees most in the middle of its box."""
    hill = 5 - (torch.arange(9.0) - 4).abs()
    spot = (hill[:, None] * hill)[None, None]

    class Teacher(Detector):
        level_channels, feature_channels = (1, 1, 1), 1

        def forward(self, pixels: Tensor) -> Output:
            maps, box = torch.zeros(1, 32, 32), torch.tensor([[-0.5, -0.25, 0.5]])
            return Output(torch.zeros(1, 1), maps, torch.zeros(1, 1), torch.zeros(1, 1, 8, 8), box, [spot] * 3)

    levels = Guide(Teacher(), with_levels=True)(_nothing()).levels
    assert levels is not None
    for level, side in zip(levels, (32, 16, 8), strict=True):
        down, across = (level[0, 0] == level.max()).nonzero().float().mean(0) + 0.5  # the largest are clipped
        assert abs(across / side - 0.25) <= 0.51 / side and abs(down / side - 0.375) <= 0.51 / side


def test_a_student_can_teach_its_stages() -> None:
    guide = Guide(Student("nano"), with_levels=True)
    levels = guide(_nothing()).levels
    assert levels is not None and [level.shape[1:] for level in levels] == [(32, 32, 32), (48, 16, 16), (96, 8, 8)]


@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler")
def test_a_compiled_teacher_answers_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """A student is quick to compile; EfficientNet takes a minute."""
    guide = Guide(Student("nano"), with_levels=True)
    batch = _nothing()._replace(pixels=torch.randint(0, 256, (2, 256, 256, 3), dtype=torch.uint8))
    before = _answers(guide, batch)
    guide.compile()
    for one, other in zip(before, _answers(guide, batch), strict=True):
        assert float((one - other).abs().mean()) < 0.02 * float(one.abs().mean() + 1)
    assert capsys.readouterr().out.splitlines() == ["compiling the teacher for this CPU: about half a minute"]


def _answers(guide: Guide, batch: Batch) -> list[Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        logit, maps, features, levels = guide(batch)
    assert levels is not None
    return [logit, maps, features, *levels]


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
    with pytest.raises(AssertionError):
        distillation(output, _nothing())


def _nothing() -> Batch:
    return Batch(torch.zeros(1, 256, 256, 3), torch.zeros(1, 1), torch.zeros(1, 3), torch.zeros(1), 0)
