"""What every network here has in common: raw pixels in, logit, attention map and embedding out."""

import copy
from collections.abc import Sequence
from typing import NamedTuple, Self, TypeVar

import torch
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


class Output(NamedTuple):
    """What a detector says about a batch of B crops.

    Attributes:
        logit: (B, 1), log-odds of `fake` before calibration.
        attention: (B, h, w) in [0, 1], where the evidence lies, in the crop's own frame.
        embedding: (B, D), the vector that the logit is read from.
        features: (B, C, 8, 8) for feature distillation, in the crop's own frame; None where there are none.
        box: (B, 3), centre x, centre y and half side of the face in [-1, 1] coordinates; None without a locator.
        levels: [(B, C, h, w)], fine to coarse: the stages of a student, or of a teacher's trunk, the latter in the
            frame of its box; None of other networks.
    """

    logit: Tensor
    attention: Tensor
    embedding: Tensor
    features: Tensor | None = None
    box: Tensor | None = None
    levels: list[Tensor] | None = None


class Detector(nn.Module):
    """Base of the networks. Normalisation is part of `forward`, so no caller can forget it.

    Attributes:
        level_channels: Channels of each of the output's `levels`; empty where it has none.
    """

    level_channels: Sequence[int] = ()

    def forward(self, pixels: Tensor) -> Output:
        """Judges crops.

        Args:
            pixels: (B, 256, 256, 3) RGB, 0 to 255, uint8 or float.
        """
        raise NotImplementedError

    def fused(self) -> Self:
        """An eval-mode copy whose training-only branches are folded: same outputs, fewer layers."""
        return fused(self)


def fused(network: N) -> N:
    """See `Detector.fused`; of any network whose modules can `fuse`."""
    twin = copy.deepcopy(network).eval()
    for module in list(twin.modules()):
        fuse = getattr(module, "fuse", None)
        if callable(fuse):
            fuse()
    return twin


def channels_first(pixels: Tensor) -> Tensor:
    """(B, H, W, 3) pixels as a float (B, 3, H, W) tensor, still 0 to 255."""
    return pixels.permute(0, 3, 1, 2).to(torch.get_default_dtype())


def attention_pool(features: Tensor, attention: Tensor) -> Tensor:
    """Mean of (B, C, h, w) features weighted by a (B, 1, h, w) map: (B, C)."""
    # The small constant keeps a map that is zero everywhere from dividing by zero.
    return (features * attention).sum((2, 3)) / (attention.sum((2, 3)) + 1e-4)
