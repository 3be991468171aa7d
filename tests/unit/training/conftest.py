"""Faces that a small network learns in seconds, one tiny configuration, and a teacher that knows nothing."""

from typing import Any

import numpy as np
import pytest
import torch

from edgedf.data.packed import PackedFaces
from edgedf.nn.teacher import Teacher
from edgedf.training.config import DistillConfig
from edgedf.training.guide import Guide

TINY: dict[str, Any] = {
    "size": "nano",
    "epochs": 2,
    "batch_size": 8,
    "views": 2,
    "data": ["unused"],
    "warmup_epochs": 0.0,
}


def make_faces(count: int, seed: int, prevalence: float = 0.5) -> PackedFaces:
    """Noise; fakes have a checkered middle."""
    random = np.random.default_rng(seed)
    pixels = random.integers(60, 196, (count, 256, 256, 3), np.uint8)
    labels = (np.arange(count) < count * prevalence).astype(np.uint8)
    board = (np.indices((128, 128)).sum(0) // 8 % 2 * 60).astype(np.uint8)
    pixels[labels == 1, 64:192, 64:192] += board[..., None]
    return PackedFaces(
        pixels=pixels,
        labels=labels,
        groups=[f"person{seed}-{i // 2}" for i in range(count)],
        methods=[""] * count,
        paths=[f"{i}.png" for i in range(count)],
        digests=[f"{seed}-{i}" for i in range(count)],
        originals=np.arange(count),
        sources=np.zeros(count, np.int64),
        fingerprints=(f"made-{seed}-{count}",),
    )


@pytest.fixture(scope="session")
def train_faces() -> PackedFaces:
    return make_faces(32, seed=0)


@pytest.fixture(scope="session")
def val_faces() -> PackedFaces:
    return make_faces(16, seed=1)


@pytest.fixture
def config() -> DistillConfig:
    return DistillConfig.from_dict(TINY)


@pytest.fixture(scope="session")
def guide() -> Guide:
    torch.manual_seed(0)
    return Guide(Teacher("efficientnet_b0", 64))
