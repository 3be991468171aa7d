"""What a student's stages see against what another network's stages see of the same crops."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LARGEST = 4.0  # of a standardised feature: the few that are larger would rule the mean


class LevelLoss(nn.ModuleList):
    """Regression of features at several levels, after FitNets (Romero et al., ICLR 2015).

    Args:
        own: Channels of the student's levels, fine to coarse.
        wanted: Channels of the other network's.
    """

    def __init__(self, own: Sequence[int], wanted: Sequence[int]) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 1) for inputs, outputs in zip(own, wanted, strict=True))

    def forward(self, own: list[Tensor], wanted: list[Tensor]) -> Tensor:
        """Mean over the levels of the fraction of variance that is left unexplained.

        Args:
            own: [(B, C, H, W)].
            wanted: [(B, D, h, w)], `standardised`.
        """
        levels = zip(self, own, wanted, strict=True)
        return torch.stack([unexplained(project(mine).float(), target) for project, mine, target in levels]).mean()


def standardised(features: Tensor) -> Tensor:
    """Features (B, C, h, w) with each channel's mean 0 and deviation 1 over the batch, clipped to `LARGEST`.

    The channels' own sizes differ by more than a hundred.
    """
    return F.batch_norm(features.float(), None, None, training=True).clamp(-LARGEST, LARGEST)


def unexplained(student: Tensor, target: Tensor) -> Tensor:
    """Fraction of the variance of features (B, C, h, w) that the student's (B, C, H, W) leave unexplained."""
    target = F.interpolate(target, student.shape[-2:], mode="bilinear", align_corners=False)
    return F.mse_loss(student, target) / target.square().mean()
