"""The built-in, learnable face locator: where the face lies in a loose crop, and that region re-sampled.

A spatial transformer (Jaderberg et al., NeurIPS 2015) limited to shift and scale. It learns from boxes: those that
the jitter of training views makes known (see `edgedf.data.views`).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.blocks import ConvNorm

LOOK = 64  # pixels a side; a face's box needs no detail
MAX_SHIFT = 0.5  # of half the picture
SCALES = (0.5, 1.2)  # half side of the box, of half the picture


class FaceLocator(nn.Module):
    """Predicts (centre x, centre y, half side) in [-1, 1] picture coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(
            ConvNorm(3, 16, stride=2),
            ConvNorm(16, 32, stride=2),
            ConvNorm(32, 64, stride=2),
            ConvNorm(64, 64, stride=2),
        )
        self.box = nn.Linear(64 * (LOOK // 16) ** 2, 3)
        # At the start the whole picture is the face.
        nn.init.zeros_(self.box.weight)
        nn.init.zeros_(self.box.bias)

    def forward(self, rgb: Tensor) -> Tensor:
        """(B, 3, H, W) normalised pixels to (B, 3) boxes."""
        small = F.avg_pool2d(rgb, rgb.shape[-1] // LOOK)
        # In full precision also where the network is in half: bfloat16 places a pixel only to half a pixel, which costs
        # a teacher that judges in it .016 of AUC.
        raw = self.box(self.look(small).flatten(1)).float()
        centre = MAX_SHIFT * torch.tanh(raw[:, :2])
        half_side = torch.exp(raw[:, 2:].clamp(-1, 1) * 0.7).clamp(*SCALES)
        return torch.cat([centre, half_side], 1)


def crop_box(picture: Tensor, box: Tensor, size: int) -> Tensor:
    """Re-samples the box of each picture.

    Args:
        picture: (B, C, H, W).
        box: (B, 3), see `FaceLocator`.
        size: Output side in pixels.

    Returns:
        (B, C, size, size); what lies outside the picture repeats its border.
    """
    grid = _unit_grid(size, box) * box[:, None, None, 2:] + box[:, None, None, :2]
    return F.grid_sample(picture, grid, mode="bilinear", padding_mode="border", align_corners=False)


def uncrop_box(crop: Tensor, box: Tensor, size: int, outside: str = "zeros") -> Tensor:
    """The inverse of `crop_box`: puts (B, C, h, w) maps of the box back into the picture's frame.

    Args:
        crop: (B, C, h, w).
        box: (B, 3), see `FaceLocator`.
        size: Output side in pixels.
        outside: What lies there, `zeros` or the map's `border`, repeated.
    """
    grid = (_unit_grid(size, box) - box[:, None, None, :2]) / box[:, None, None, 2:]
    return F.grid_sample(crop.float(), grid, mode="bilinear", padding_mode=outside, align_corners=False)


def _unit_grid(size: int, like: Tensor) -> Tensor:
    """(1, size, size, 2) pixel centres (x, y) in [-1, 1]."""
    line = (torch.arange(size, dtype=like.dtype, device=like.device) * 2 + 1) / size - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1).unsqueeze(0)
