"""Batches of views."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import ConfigError
from edgedf.training import crops
from edgedf.training.batches import Batch, Batches, _ahead
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


def with_fakes_like_their_originals(faces: PackedFaces) -> PackedFaces:
    pixels = np.array(faces.pixels[:])
    fakes, reals = (np.flatnonzero(faces.labels == label) for label in (1, 0))
    pixels[fakes] = pixels[reals]
    originals = np.arange(len(pixels))
    originals[fakes] = reals
    return dataclasses.replace(faces, pixels=pixels, originals=originals)


def test_pairs_are_moved_and_lit_alike(train_faces: PackedFaces, config: DistillConfig) -> None:
    """Where a fake equals its original, their views are equal bit for bit: only the forgery tells them apart."""
    faces = with_fakes_like_their_originals(train_faces)
    seen = 0
    for batch in Batches(faces, dataclasses.replace(config, pairs=True)).epoch(1):
        assert batch.labels.flatten().tolist() == [0, 1] * 4
        assert torch.equal(batch.pixels[::2], batch.pixels[1::2]) and torch.equal(batch.boxes[::2], batch.boxes[1::2])
        seen += len(batch.labels)
    assert seen == 32


def test_fakes_fade_towards_their_originals(train_faces: PackedFaces, config: DistillConfig) -> None:
    """With `mix`, a fake changes and its label is a share; reals and fakes of unknown origin stay as they are."""
    fakes, reals = (np.flatnonzero(train_faces.labels == label) for label in (1, 0))
    originals = np.arange(len(train_faces))
    originals[fakes[1:]] = reals[1:]
    faces = dataclasses.replace(train_faces, originals=originals)
    plain, mixed = (Batches(faces, dataclasses.replace(config, mix=mix)).epoch(0) for mix in (False, True))
    shares = []
    for before, after in zip(plain, mixed, strict=True):
        for row, image in enumerate(after.images.tolist()):
            kept = torch.equal(after.pixels[row], before.pixels[row]) and after.labels[row] == before.labels[row]
            assert kept == (image not in fakes[1:])
            shares += [] if kept else after.labels[row].tolist()
    assert len(set(shares)) == len(fakes) - 1 and 0 < min(shares) < 0.5 < max(shares) < 1


def test_pairs_stay_together_in_each_part(train_faces: PackedFaces, config: DistillConfig) -> None:
    """A batch of 8 in parts for three: 2, 1 and 1 pairs."""
    paired = dataclasses.replace(config, pairs=True, accumulate=3)
    sizes = []
    for batch in Batches(train_faces, paired).epoch(0):
        sizes.append(len(batch.labels))
        assert batch.labels.flatten().tolist() == [0, 1] * (len(batch.labels) // 2)
    assert sizes[:3] == [4, 2, 2]
    with pytest.raises(ConfigError, match="pairs"):
        Batches(train_faces, dataclasses.replace(config, pairs=True, accumulate=5))


def test_batches_made_ahead_are_the_same(train_faces: PackedFaces, config: DistillConfig) -> None:
    ahead, between = (Batches(train_faces, config, ahead=ahead).epoch(1) for ahead in (True, False))
    for one, other in zip(ahead, between, strict=True):
        assert torch.equal(one.pixels, other.pixels) and torch.equal(one.images, other.images)


def test_a_few_batches_are_made_ahead_and_the_rest_is_cancelled(
    train_faces: PackedFaces, config: DistillConfig
) -> None:
    """Three jobs under way at a time; who stops after the first batch does not wait for more."""
    started: list[int] = []
    batch = next(Batches(train_faces, config).epoch(0))
    holding = threading.Event()

    def job(number: int) -> Batch:
        started.append(number)
        if number:
            holding.wait()
        return batch

    with ThreadPoolExecutor(1) as pool:
        batches = _ahead(pool, (partial(job, number) for number in range(9)), 2)
        assert next(batches) is batch
        batches.close()  # type: ignore[attr-defined]
        holding.set()
    assert set(started) <= {0, 1}, "of jobs 1 and 2 at most the one under way was run"


@pytest.fixture
def forging(train_faces: PackedFaces, config: DistillConfig, monkeypatch: pytest.MonkeyPatch) -> DistillConfig:
    """Half of the real crops are forged, by points that are the same for all."""
    turn = np.linspace(0, 2 * np.pi, 468)
    points = np.stack([128 + 70 * np.cos(turn), 128 + 90 * np.sin(turn)], 1)
    monkeypatch.setattr(crops, "face_points", lambda faces, progress: np.tile(points, (len(faces), 1, 1)))
    return dataclasses.replace(config, pairs=True, forge=0.5)


def test_a_share_of_the_reals_is_shown_beside_its_own_forgery(train_faces: PackedFaces, forging: DistillConfig) -> None:
    """Forgeries are numbered from the faces' count on; each is real, but for the forgery, bit for bit."""
    reals = np.flatnonzero(train_faces.labels == 0)
    forged, equal = 0, []
    for epoch in range(2):
        for batch in Batches(train_faces, forging).epoch(epoch):
            assert batch.labels.flatten().tolist() == [0, 1] * 4
            for row in range(0, 8, 2):
                real, fake = batch.images[row : row + 2].tolist()
                if fake < len(train_faces):
                    assert train_faces.labels[fake] == 1
                    continue
                forged += 1
                assert reals[fake - len(train_faces)] == real
                assert not torch.equal(batch.pixels[row], batch.pixels[row + 1])
                equal.append((batch.pixels[row] == batch.pixels[row + 1]).float().mean())
    assert 8 <= forged <= 24 and np.median(equal) > 0.2


def test_forged_epochs_are_the_same_again_and_from_any_step(train_faces: PackedFaces, forging: DistillConfig) -> None:
    """So that resuming gives the same numbers, and a teacher's answers can be stored by number and view."""
    config = dataclasses.replace(forging, degrade=0.5, hide=0.5)
    whole, again = (list(Batches(train_faces, config).epoch(1)) for _ in range(2))
    for late, early in zip([*again, *Batches(train_faces, config).epoch(1, 2)], [*whole, *whole[2:]], strict=True):
        assert torch.equal(late.pixels, early.pixels) and torch.equal(late.images, early.images)
    known = {(int(i), 1): pixels for batch in whole for i, pixels in zip(batch.images, batch.pixels, strict=True)}
    for batch in Batches(train_faces, dataclasses.replace(config, seed=1)).epoch(3):  # view 1 again
        for number, pixels in zip(batch.images.tolist(), batch.pixels, strict=True):
            if (number, 1) in known:
                assert torch.equal(pixels, known[number, 1])


def test_a_mixed_forgery_fades_towards_its_own_real(train_faces: PackedFaces, forging: DistillConfig) -> None:
    config = dataclasses.replace(forging, mix=True, forge=1.0)
    labels, gaps = [], []
    for batch in Batches(train_faces, config).epoch(0):
        for row in range(1, 8, 2):
            labels.append(float(batch.labels[row]))
            gaps.append(float((batch.pixels[row].float() - batch.pixels[row - 1].float()).abs().mean()))
    assert min(labels) > 0 and max(labels) < 1
    order = np.argsort(labels)
    small, large = (np.mean(np.array(gaps)[rows]) for rows in (order[:5], order[-5:]))
    assert small < large


@pytest.mark.parametrize("change", [{"degrade": 0.5}, {"hide": 0.5}, {"teacher": "imagenet", "zoom": 0.5}])
def test_a_fake_is_changed_as_its_original(
    train_faces: PackedFaces, config: DistillConfig, change: dict[str, Any]
) -> None:
    faces = with_fakes_like_their_originals(train_faces)
    paired = dataclasses.replace(config, pairs=True)
    plain, other = (list(Batches(faces, dataclasses.replace(paired, **keys)).epoch(0)) for keys in ({}, change))
    changed = []
    for before, after in zip(plain, other, strict=True):
        assert torch.equal(after.pixels[::2], after.pixels[1::2])
        changed += [not torch.equal(a, b) for a, b in zip(before.pixels, after.pixels, strict=True)]
    assert 0.2 < np.mean(changed) < 0.8


def test_what_is_hidden_is_no_part_of_the_mask(train_faces: PackedFaces, forging: DistillConfig) -> None:
    masked = dataclasses.replace(forging, forge=1.0, mask_weight=1.0)
    whole, hidden = (list(Batches(train_faces, dataclasses.replace(masked, hide=share)).epoch(0)) for share in (0, 1.0))
    lost = 0
    for before, after in zip(whole, hidden, strict=True):
        assert before.masks is not None and after.masks is not None
        assert (after.masks <= before.masks).logical_or(before.masks.isnan()).all()
        same = (before.pixels == after.pixels).all(-1)
        fields = same.view(-1, 16, 16, 16, 16).all(4).all(2)  # of 16 x 16 pixels that show what they did
        assert torch.equal(before.masks[fields].nan_to_num(), after.masks[fields].nan_to_num())
        lost += int((after.masks < before.masks).sum())
    assert lost > 0
