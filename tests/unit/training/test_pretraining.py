"""Pretraining on ImageNet's features."""

import dataclasses

import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import ConfigError
from edgedf.nn.student import Student
from edgedf.nn.trunks import Lite2Trunk, Trunk, published_weights
from edgedf.training import levels as level_loss
from edgedf.training import pretraining
from edgedf.training.batches import Batches
from edgedf.training.config import DistillConfig
from edgedf.training.levels import unexplained
from edgedf.training.losses import Supervised
from edgedf.training.pretraining import ImageNetGuide, Pretraining


@pytest.fixture(scope="module")
def trunk() -> Trunk:
    """The package's: of random weights the last features vanish."""
    trunk, weights = Lite2Trunk(), published_weights("efficientnet_lite2")
    assert weights
    trunk.load_imagenet(weights)
    return trunk


def test_the_trunk_is_frozen_and_not_in_the_checkpoint(
    trunk: Trunk, train_faces: PackedFaces, config: DistillConfig
) -> None:
    student = Student("nano")
    features = Pretraining(ImageNetGuide(trunk, 64), student, Supervised(), config).train()
    assert not features.guide.trunk.training
    batch = next(Batches(train_faces, config).epoch(0))
    terms = features(student(batch.pixels), batch)
    terms["loss"].backward()
    assert terms["loss"].item() == pytest.approx(
        config.feature_weight * terms["feature"].item() + config.hard_weight * terms["label"].item(), rel=1e-5
    )
    assert all(p.grad is None for p in features.guide.trunk.parameters())
    assert {name.split(".")[0] for name in features.state_dict()} == {"projectors"}
    assert all(p.grad is not None for p in features.parameters())
    assert all(p.grad is not None for stage in student.stages for p in stage.parameters())


def test_the_features_are_those_of_the_trunk_standardised(trunk: Trunk, train_faces: PackedFaces) -> None:
    pixels = torch.from_numpy(train_faces.pixels[:8])
    levels = ImageNetGuide(trunk, 96)(pixels)
    assert [level.shape for level in levels] == [(8, 48, 12, 12), (8, 120, 6, 6), (8, 1280, 3, 3)]
    for level in levels:
        varied = level.std((0, 2, 3)) > 0.5  # a channel that is dead stays so
        assert level[:, varied].mean((0, 2, 3)).abs().max() < 0.1 and varied.float().mean() > 0.2
        assert level.abs().max() <= level_loss.LARGEST


def test_a_student_takes_the_features_over(trunk: Trunk, train_faces: PackedFaces, config: DistillConfig) -> None:
    torch.manual_seed(0)
    student = Student("nano")
    features = Pretraining(ImageNetGuide(trunk, 64), student, Supervised(), config)
    optimizer = torch.optim.AdamW([*student.parameters(), *features.parameters()], lr=3e-3)
    batch = next(Batches(train_faces, config).epoch(0))
    losses = []
    for _ in range(40):
        terms = features(student(batch.pixels), batch)
        losses.append(terms["feature"].item())
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
    assert losses[0] > 0.9 and losses[-1] < 0.7


def test_what_is_unexplained_is_a_share_of_the_variance() -> None:
    torch.manual_seed(0)
    target = torch.randn(4, 6, 8, 8)
    assert unexplained(target, target) == 0
    assert unexplained(torch.zeros_like(target), target) == 1
    assert unexplained(0.5 * target, target) == pytest.approx(0.25)


def test_no_weights_at_hand_is_one_line(config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "published_weights", lambda name: None)
    with pytest.raises(ConfigError, match="no ImageNet weights of efficientnet_lite2"):
        ImageNetGuide.of(dataclasses.replace(config, trunk="efficientnet_lite2"))
