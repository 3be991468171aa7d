"""Masks of what is forged, as the attention map learns from them."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.training import crops
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import DistillConfig
from edgedf.training.losses import mask_loss
from edgedf.training.masks import PairMasks
from tests.unit.training.conftest import make_faces


@pytest.fixture
def pairs() -> PackedFaces:
    """Smooth real faces, and fakes of each that differ in the lower left quarter; the last is of no known original."""
    faces = make_faces(16, seed=3)
    ramp = np.linspace(60, 180, 256).astype(np.uint8)
    pixels = np.empty_like(faces.pixels)
    pixels[:] = (ramp[:, None] // 2 + ramp[None] // 2)[..., None]
    pixels[:8, 128:224, 32:128] += 50  # the first eight are fake
    originals = np.arange(16)
    originals[:7] = np.arange(8, 15)
    return dataclasses.replace(faces, pixels=pixels, originals=originals)


def _rows(batch: Batch) -> dict[int, int]:
    return {image: row for row, image in enumerate(batch.images.tolist())}


def test_the_mask_of_a_pair_is_where_the_two_differ(pairs: PackedFaces) -> None:
    mask = PairMasks(pairs).of(0)
    assert mask is not None
    inside = np.zeros((256, 256), bool)
    inside[128:224, 32:128] = True
    assert ((mask > 127) & inside).sum() / ((mask > 127) | inside).sum() > 0.8
    same = dataclasses.replace(pairs, originals=np.arange(16))
    assert PairMasks(same).of(0) is None


def test_masks_move_with_their_views(pairs: PackedFaces, config: DistillConfig) -> None:
    """Where real and fake of a pair differ in their views is where the mask is; a real one's is empty."""
    seen = unknown = 0
    for batch in Batches(pairs, dataclasses.replace(config, pairs=True, mask_weight=1.0)).epoch(0):
        assert batch.masks is not None
        rows = _rows(batch)
        assert all(not batch.masks[row].any() for image, row in rows.items() if image >= 8)
        for fake, real in (
            (i, int(pairs.originals[i])) for i in rows if i < 8 and (i == 7 or pairs.originals[i] in rows)
        ):
            mask = batch.masks[rows[fake]]
            if fake == 7:
                unknown += bool(mask.isnan().all())
                continue
            gap = (batch.pixels[rows[fake]].float() - batch.pixels[rows[real]].float()).abs().mean(2)
            differ = torch.nn.functional.avg_pool2d(gap[None], 16)[0] > 10
            seen += 1
            assert (differ == (mask > 0.5)).float().mean() > 0.85 and 0.05 < float(mask.mean()) < 0.3
    assert seen >= 5 and unknown


def test_forgeries_bring_their_own_mask_and_mixtures_a_share_of_it(
    pairs: PackedFaces, config: DistillConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = np.linspace(0, 2 * np.pi, 468)
    points = np.stack([128 + 70 * np.cos(turn), 128 + 90 * np.sin(turn)], 1)
    monkeypatch.setattr(crops, "face_points", lambda faces, progress: np.tile(points, (len(faces), 1, 1)))
    forging = dataclasses.replace(config, pairs=True, forge=1.0, mask_weight=1.0)
    for plain, mixed in zip(
        *(Batches(pairs, dataclasses.replace(forging, mix=mix)).epoch(0) for mix in (False, True)), strict=True
    ):
        assert plain.masks is not None and mixed.masks is not None
        assert plain.masks[1::2].amax((1, 2)).min() > 0 and not plain.masks[::2].any()
        shares = mixed.labels[1::2, :, None]
        assert torch.allclose(mixed.masks[1::2], shares * plain.masks[1::2], atol=0.02)


def test_without_a_weight_there_are_no_masks(pairs: PackedFaces, config: DistillConfig) -> None:
    assert next(Batches(pairs, config).epoch(0)).masks is None


def test_the_loss_is_cross_entropy_over_what_is_known() -> None:
    maps = torch.full((2, 32, 32), 0.25, requires_grad=True)
    masks = torch.stack([torch.ones(16, 16), torch.full((16, 16), torch.nan)])
    loss = mask_loss(maps, masks)
    assert loss.item() == pytest.approx(math.log(4), abs=1e-5)
    loss.backward()  # type: ignore[no-untyped-call]
    assert maps.grad is not None and maps.grad[0].abs().min() > 0 and not maps.grad[1].any()
    assert mask_loss(maps.detach(), masks[1:].expand(2, -1, -1)).item() == 0
