"""Feature pyramid (Lin et al., "Feature Pyramid Networks for Object Detection", CVPR 2017) with CBAM on each level."""

import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.attention import CBAM


class FPN(nn.Module):
    """Brings trunk levels to one width and adds the coarse ones to the fine ones."""

    def __init__(self, channels: list[int], width: int = 96) -> None:
        super().__init__()
        self.lateral = nn.ModuleList([nn.Conv2d(c, width, 1) for c in channels])
        self.smooth = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), CBAM(width)) for _ in channels]
        )

    def forward(self, levels: list[Tensor], fine_extra: Tensor | None = None) -> list[Tensor]:
        """Runs the pyramid.

        Args:
            levels: (B, channels[i], H / 2^i, W / 2^i), fine to coarse.
            fine_extra: (B, width, H, W) evidence added to the finest level.

        Returns:
            (B, width, H / 2^i, W / 2^i), fine to coarse.
        """
        merged = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        if fine_extra is not None:
            merged[0] = merged[0] + fine_extra
        for i in range(len(merged) - 2, -1, -1):
            merged[i] = merged[i] + F.interpolate(merged[i + 1], scale_factor=2.0, mode="nearest")
        return [smooth(level) for smooth, level in zip(self.smooth, merged, strict=True)]
