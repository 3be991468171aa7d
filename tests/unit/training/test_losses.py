"""Objectives."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.nn.detector import Output
from edgedf.training.batches import Batch
from edgedf.training.config import TrainConfig
from edgedf.training.losses import Supervised, shown_share


def _batch(labels: list[float]) -> Batch:
    count = len(labels)
    boxes = torch.tensor([[0.1, 0.0, 0.9]] * count)
    return Batch(torch.zeros(count, 1), torch.tensor(labels)[:, None], boxes, torch.arange(count), 0)


@pytest.fixture
def faces(train_faces: PackedFaces) -> PackedFaces:
    """Of 100 images 70 are fake; their pixels do not matter."""
    return dataclasses.replace(train_faces, labels=np.array([0] * 30 + [1] * 70, np.uint8), originals=np.arange(100))


def _output(logits: list[float], box: torch.Tensor | None = None) -> Output:
    return Output(torch.tensor(logits)[:, None], torch.zeros(len(logits), 2, 2), torch.zeros(len(logits), 3), None, box)


def test_label_loss_is_binary_cross_entropy() -> None:
    terms = Supervised()(_output([0.0, 2.0]), _batch([1, 0]))
    assert terms["loss"].item() == pytest.approx((math.log(2) + math.log(1 + math.e**2)) / 2, abs=1e-6)


def test_pos_weight_weighs_fakes() -> None:
    assert Supervised(pos_weight=5.0)(_output([0.0]), _batch([1]))["label"].item() == pytest.approx(5 * math.log(2))
    assert Supervised(pos_weight=5.0)(_output([0.0]), _batch([0]))["label"].item() == pytest.approx(math.log(2))


def test_smoothing_has_its_best_logit_inside() -> None:
    """At smoothing s the loss is least at logit log((1-s)/s), not at infinity."""
    supervised, best = Supervised(label_smoothing=0.1), math.log(9)
    at = {x: supervised(_output([x]), _batch([1]))["loss"].item() for x in (best - 1, best, best + 1)}
    assert min(at, key=lambda x: at[x]) == best


@pytest.mark.parametrize(("weight", "smoothing"), [(1.0, 0.0), (83 / 17, 0.0), (83 / 17, 0.01)])
def test_no_constant_guess_beats_the_constant_loss(weight: float, smoothing: float) -> None:
    supervised = Supervised(weight, smoothing)
    batch = _batch([1.0] * 17 + [0.0] * 83)
    losses = [supervised(_output([x / 50] * 100), batch)["label"].item() for x in range(-200, 200)]
    assert min(losses) == pytest.approx(supervised.constant_loss(0.17), abs=1e-3)


def test_the_box_is_learned_where_there_is_one() -> None:
    right, wrong = torch.tensor([[0.1, 0.0, 0.9]]), torch.tensor([[0.0, 0.2, 0.9]])
    assert Supervised()(_output([0.0], right), _batch([1]))["box"] == 0
    terms = Supervised(box_weight=2.0)(_output([0.0], wrong), _batch([1]))
    assert terms["loss"].item() == pytest.approx((terms["label"] + 2 * terms["box"]).item())
    assert terms["box"] > 0.01
    assert "box" not in Supervised()(_output([0.0]), _batch([1]))


@pytest.mark.parametrize(("prevalence", "share"), [(0.17, 0.17), (0.0, 0.7)])
def test_training_on_half_fakes_gives_the_logit_for_the_stated_share(
    prevalence: float, share: float, faces: PackedFaces
) -> None:
    """The constant logit with the least loss on a paired epoch is the log-odds of `prevalence`, or of the data."""
    config = TrainConfig(pairs=True, prevalence=prevalence, label_smoothing=0.0)
    supervised, batch = Supervised.of(config, faces), _batch([0.0, 1.0])
    best = min((x / 100 for x in range(-300, 300)), key=lambda x: supervised(_output([x] * 2), batch)["label"].item())
    assert best == pytest.approx(math.log(share / (1 - share)), abs=0.01)


@pytest.mark.parametrize(("pairs", "prevalence", "share"), [(False, 0.0, 0.7), (False, 0.17, 0.17), (True, 0.17, 0.5)])
def test_weighting_and_share_follow_what_is_shown(
    pairs: bool, prevalence: float, share: float, faces: PackedFaces
) -> None:
    config = TrainConfig(pairs=pairs, prevalence=prevalence, class_weighting=True)
    assert shown_share(config, faces) == pytest.approx(share)
    assert Supervised.of(config, faces).pos_weight == pytest.approx((1 - share) / share)


def test_mixtures_are_half_a_fake(faces: PackedFaces) -> None:
    """Of 70 fakes 30 have an original: their labels are .5 on average, all fakes' 55 / 70."""
    originals = faces.originals.copy()
    originals[30:60] = np.arange(30)
    mixed = dataclasses.replace(faces, originals=originals)
    assert shown_share(TrainConfig(pairs=True, mix=True), mixed) == pytest.approx(0.5 * 55 / 70)
    assert shown_share(TrainConfig(pairs=True, mix=True, forge=1.0), mixed) == pytest.approx(0.25)
