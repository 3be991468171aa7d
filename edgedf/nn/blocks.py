"""Convolution blocks whose training-only parts fold away for deployment."""

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

C = TypeVar("C", bound=nn.Module)


class ConvNorm(nn.Module):
    """Convolution, norm, ReLU. "Same" padding; `fuse` folds the norm into the convolution."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return F.relu(self.norm(self.conv(x)))

    def fuse(self) -> None:
        """Folds the norm. Eval mode only."""
        self.conv, self.norm = folded(self.conv, self.norm)


class RepBlock(nn.Module):
    """3x3, 1x1 and identity branches in training, one biased 3x3 convolution after `fuse`.

    The norm stands after the sum and the identity has none: a norm on the identity of a dead ReLU channel gives
    scales in the thousands, which ruin INT8 (Chu et al., "Make RepVGG Greater Again", AAAI 2024).
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.dense = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.dense_norm = nn.BatchNorm2d(outputs)
        self.point = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.identity = inputs == outputs and stride == 1
        self.norm = nn.BatchNorm2d(outputs)
        self.fused: nn.Conv2d | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        if self.fused is not None:
            return F.relu(self.fused(x))
        total = self.dense_norm(self.dense(x)) + self.point(x)
        if self.identity:
            total = total + x
        return F.relu(self.norm(total))

    @torch.no_grad()
    def fuse(self) -> None:
        """Folds branches and norms into one convolution (Ding et al., RepVGG, CVPR 2021). Eval mode only."""
        if self.fused is not None:
            return
        conv = fuse_conv_bn_eval(self.dense, self.dense_norm)
        conv.weight[:, :, 1, 1] += self.point.weight[:, :, 0, 0]
        if self.identity:
            conv.weight[:, :, 1, 1] += torch.eye(conv.out_channels, device=conv.weight.device)
        self.fused = fuse_conv_bn_eval(conv, self.norm)
        del self.dense, self.dense_norm, self.point, self.norm


def folded(conv: C, norm: nn.Module) -> tuple[C, nn.Module]:
    """A convolution that does its norm's work, and nothing in the norm's place; a folded pair stays as it is."""
    if isinstance(norm, nn.Identity):
        return conv, norm
    return fuse_conv_bn_eval(conv, norm), nn.Identity()  # type: ignore[type-var, arg-type]
