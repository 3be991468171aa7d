"""The teacher's stored answers."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.errors import InputError
from edgedf.nn.student import Student
from edgedf.training.batches import Batch, Batches
from edgedf.training.config import DistillConfig
from edgedf.training.distillation import Distillation
from edgedf.training.guide import CachedGuide, Guidance, Guide
from edgedf.training.losses import Supervised


class Counting(Guide):
    """Counts the views it is asked about."""

    def __init__(self, guide: Guide) -> None:
        vars(self).update(vars(guide))
        self.asked = 0

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
