"""Block DCT as a constant convolution, which every runtime can run (ONNX `DFT` is not among those)."""

import math

import torch
from torch import Tensor, nn

from edgedf.colour import LUMA

BLOCK = 8  # JPEG's own block, where its traces live


def dct_kernels(size: int = BLOCK) -> Tensor:
    """(size^2, 1, size, size) orthonormal 2-D DCT-II kernels (Ahmed et al., 1974)."""
    n = torch.arange(size, dtype=torch.float64)
    basis = torch.cos(math.pi * (n[None] + 0.5) * n[:, None] / size) * math.sqrt(2 / size)  # (frequency, position)
    basis[0] /= math.sqrt(2)
    kernels = basis[:, None, :, None] * basis[None, :, None, :]  # (u, v, y, x)
    return kernels.reshape(size * size, 1, size, size).float()


class FrequencyBranch(nn.Module):
    """Log-magnitudes of the 8x8 block DCT of luminance, mixed by learnable 1x1 and 3x3 convolutions."""

    kernels: Tensor
    luma: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("kernels", dct_kernels(), persistent=False)
        self.register_buffer("luma", torch.tensor(LUMA).view(1, 3, 1, 1), persistent=False)
        self.mix = nn.Sequential(
            nn.Conv2d(BLOCK * BLOCK, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) in 0 to 255, to (B, width, H / 8, W / 8)."""
        luma = (rgb * self.luma).sum(1, keepdim=True)
        coefficients = nn.functional.conv2d(luma, self.kernels, stride=BLOCK)  # (B, 64, H/8, W/8)
        mixed: Tensor = self.mix(torch.log1p(coefficients.abs()))
        return mixed
