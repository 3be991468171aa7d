"""Optimiser, schedule, averaged weights and frozen norms."""

import itertools

import pytest
import torch
from torch import nn

from edgedf.nn.student import Student
from edgedf.training.config import TrainConfig
from edgedf.training.losses import Learner, Supervised
from edgedf.training.optimizer import MovingAverage, freeze_norm, learning_rate, make_optimizer


def test_learning_rate_rises_then_falls_to_zero() -> None:
    config = TrainConfig(epochs=10, warmup_epochs=1.0, learning_rate=1.0)
    rates = [learning_rate(config, step, 100) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01) and rates[99] == pytest.approx(1.0)
    assert all(a >= b for a, b in itertools.pairwise(rates[100:]))
    assert rates[-1] < 1e-4


def test_norms_and_biases_are_not_decayed() -> None:
    decayed, free = make_optimizer(Learner(Student("nano"), Supervised()), TrainConfig()).param_groups
    assert all(p.ndim > 1 for p in decayed["params"]) and decayed["weight_decay"] > 0
    assert all(p.ndim <= 1 for p in free["params"]) and free["weight_decay"] == 0


def test_frozen_norms_keep_their_statistics() -> None:
    student = Student("nano").train()
    freeze_norm(student)
    norm = student.stem.norm
    assert isinstance(norm, nn.BatchNorm2d) and norm.running_mean is not None
    before = norm.running_mean.clone()
    student(torch.randint(0, 256, (2, 256, 256, 3), dtype=torch.uint8))
    assert torch.equal(norm.running_mean, before)


def test_averaged_weights_follow_slowly_and_integers_are_copied() -> None:
    model = nn.BatchNorm2d(1)
    averaged = MovingAverage(model, 0.5)
    for value in (1.0, 2.0, 2.0):
        nn.init.constant_(model.weight, value)
        model(torch.zeros(2, 1, 2, 2))
        averaged.update()
    # The first is taken as it is; then decays of 2/11 and 3/12 hold, below .5.
    second = 2 - (2 / 11) * 1
    kept = averaged.module.state_dict()
    assert kept["weight"].item() == pytest.approx(2 - 0.25 * (2 - second))
    assert kept["num_batches_tracked"] == 3
