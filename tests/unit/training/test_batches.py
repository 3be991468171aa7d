"""Batches of views."""

import dataclasses

import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import ConfigError
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import DistillConfig


def _images(batches: Batches, epoch: int, first: int = 0) -> list[list[int]]:
    return [batch.images.tolist() for batch in batches.epoch(epoch, first)]


def test_an_epoch_can_be_entered_at_any_step(train_faces: PackedFaces, config: DistillConfig) -> None:
    whole = list(Batches(train_faces, config).epoch(1))
    rest = list(Batches(train_faces, config).epoch(1, first=2))
    assert len(whole) == 4 and len(rest) == 2
    for late, early in zip(rest, whole[2:], strict=True):
        assert torch.equal(late.pixels, early.pixels) and torch.equal(late.images, early.images)


def test_processes_share_each_batch_as_accumulation_does(train_faces: PackedFaces, config: DistillConfig) -> None:
    """Two processes see, step by step, what one process sees in two parts."""
    halves = dataclasses.replace(config, accumulate=2)
    one = _images(Batches(train_faces, halves), 0)
    first, second = (_images(Batches(train_faces, config, rank, 2), 0) for rank in (0, 1))
    assert one == [part for pair in zip(first, second, strict=True) for part in pair]


def test_views_repeat_after_their_number(train_faces: PackedFaces, config: DistillConfig) -> None:
    batches = Batches(train_faces, config)

    def of_image(epoch: int, image: int) -> Batch:
        return next(b for b in batches.epoch(epoch) if image in b.images.tolist())

    def pixels(epoch: int) -> torch.Tensor:
        batch = of_image(epoch, 5)
        return batch.pixels[batch.images.tolist().index(5)]

    assert torch.equal(pixels(0), pixels(2))
    assert not torch.equal(pixels(0), pixels(1))


def test_a_set_smaller_than_a_batch_is_one_batch(train_faces: PackedFaces, config: DistillConfig) -> None:
    large = dataclasses.replace(config, batch_size=100)
    assert [len(images) for images in _images(Batches(train_faces, large), 0)] == [32]


def test_a_batch_has_an_image_for_every_part(train_faces: PackedFaces, config: DistillConfig) -> None:
    with pytest.raises(ConfigError, match="accumulate"):
        Batches(train_faces, dataclasses.replace(config, accumulate=5), 0, 2)
