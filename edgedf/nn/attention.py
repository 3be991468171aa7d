"""CBAM (Woo et al., "CBAM: Convolutional Block Attention Module", ECCV 2018)."""

import torch
from torch import Tensor, nn

REDUCTION = 8  # of the channels, between the two layers that weigh them; the paper has 16, for wider maps


class CBAM(nn.Module):
    """Weights channels, then positions, of a feature map; the shape stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(channels // REDUCTION, 8)
        self.channel = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, channels, 1))
        self.position = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        mean, peak = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        x = x * torch.sigmoid(self.channel(mean) + self.channel(peak))
        summary = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)  # (B, 2, H, W)
        return x * torch.sigmoid(self.position(summary))
