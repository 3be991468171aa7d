"""The student's own parts."""

import torch
from torch import Tensor

from edgedf.nn.blocks import ConvNorm
from edgedf.nn.student import Student, patch_frequencies, space_to_depth
from edgedf.training.config import TrainConfig
from edgedf.training.models import build_model


def test_space_to_depth_keeps_every_pixel(pixels: Tensor) -> None:
    patches = space_to_depth(pixels)
    assert patches.shape == (2, 48, 64, 64)
    assert torch.equal(patches[0, :, 3, 5], pixels[0, 12:16, 20:24].reshape(-1).float())


def test_the_stem_starts_from_32_different_frequencies() -> None:
    filters = patch_frequencies()
    assert filters.shape == (32, 48)
    assert torch.linalg.matrix_rank(filters) == 32


def test_brightness_and_texture_leave_the_stem_at_one_size() -> None:
    """Bright and dark crops with a faint checkerboard: after the norm, the texture is not drowned."""
    brightness = torch.randint(30, 220, (16, 1, 1, 1)).float()
    board = (torch.arange(256)[:, None] + torch.arange(256)) % 2 * torch.rand(16, 1, 1) * 4
    stem = Student("nano").train().stem
    out = stem(space_to_depth((brightness + board[..., None]).expand(16, 256, 256, 3)) / 255)
    spread = out.std((0, 2, 3))
    assert spread[15] > 0.3 * spread[0], "the finest luma frequency is as large as the mean"


def test_the_stem_may_start_from_random_filters() -> None:
    stem = build_model(TrainConfig(role="student", size="nano", dct_stem=False)).stem
    assert isinstance(stem, ConvNorm)
    assert not torch.allclose(stem.conv.weight.flatten(1), patch_frequencies())
