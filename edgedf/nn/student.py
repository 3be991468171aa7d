"""The student: a small network of our own, made for INT8 kernels.

Dense 3x3 convolutions with ReLU and channels in multiples of 16 are what INT8 kernels run fastest; squeeze-and-excite,
SiLU and depthwise layers gain nothing from them. The space-to-depth stem looks at every pixel and leaves the
expensive resolution at once:

    pixels (B, 256, 256, 3) -> space to depth (B, 48, 64, 64) -> 1x1 -> stages at 32, 16 and 8 px
    attention: from the 16 px stage; embedding: [attention-weighted mean of the 16 px stage, mean of the 8 px stage]
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from edgedf.colour import CHROMA_BLUE, CHROMA_RED, LUMA
from edgedf.nn.blocks import ConvNorm, RepBlock
from edgedf.nn.detector import Detector, Output, attention_pool
from edgedf.nn.frequency import dct_kernels

PATCH = 4
STEM = 32


class Size(NamedTuple):
    """Channels and number of blocks of the three stages (32, 16 and 8 px)."""

    widths: tuple[int, int, int]
    depths: tuple[int, int, int]


SIZES = {
    "nano": Size((32, 48, 96), (1, 2, 2)),  # 0.2 M parameters after fusing
    "small": Size((32, 64, 128), (2, 3, 3)),  # 0.5 M
    "medium": Size((32, 96, 160), (2, 3, 3)),  # 0.8 M
    "base": Size((48, 96, 192), (2, 4, 3)),  # 1.2 M
}


class Student(Detector):
    """The deployable detector; `size` is a key of `SIZES`, and the stem starts from the DCT or from random filters."""

    def __init__(self, size: str = "small", dct_stem: bool = True) -> None:
        super().__init__()
        widths, depths = SIZES[size]
        self.stem = ConvNorm(3 * PATCH**2, STEM, kernel=1)
        if dct_stem:
            self.stem.conv.weight.data.copy_(patch_frequencies()[..., None, None])
        self.stages = nn.ModuleList()
        for inputs, width, depth in zip((STEM, *widths), widths, depths, strict=False):
            first = RepBlock(inputs, width, stride=2)
            self.stages.append(nn.Sequential(first, *[RepBlock(width, width) for _ in range(depth - 1)]))
        self.attention = nn.Conv2d(widths[1], 1, 1)
        self.head = nn.Linear(widths[1] + widths[2], 1)
        self.feature_channels, self.level_channels = widths[2], widths

    def forward(self, pixels: Tensor) -> Output:
        """See `Detector.forward`; attention is (B, 16, 16), features are the 8 px stage."""
        x = self.stem(space_to_depth(pixels) / 255)
        first = self.stages[0](x)
        middle = self.stages[1](first)  # (B, C, 16, 16)
        last = self.stages[2](middle)  # (B, D, 8, 8)
        attention = torch.sigmoid(self.attention(middle))
        embedding = torch.cat([attention_pool(middle, attention), last.mean((2, 3))], 1)
        return Output(self.head(embedding), attention.squeeze(1), embedding, last, levels=[first, middle, last])


def patch_frequencies() -> Tensor:
    """(32, 48) filters that the stem starts from: the DCT of a patch, all of luma and the coarse half of both chromas.

    Brightness varies far more than texture, so in random filters it drowns the texture that forgeries leave; here the
    stem's norm brings each frequency to the same size.
    """
    dct = dct_kernels(PATCH).flatten(1)  # (16, 16): frequency, position
    coarse = sorted(range(PATCH**2), key=lambda i: (i // PATCH + i % PATCH, i))[: PATCH**2 // 2]
    filters = [(dct, LUMA), (dct[coarse], CHROMA_BLUE), (dct[coarse], CHROMA_RED)]
    # (frequency, position, colour), flattened in the order of space_to_depth
    return torch.cat([(f[:, :, None] * torch.tensor(colour)).flatten(1) for f, colour in filters])


def space_to_depth(pixels: Tensor) -> Tensor:
    """(B, H, W, 3) pixels to float (B, 48, H / 4, W / 4): each 4x4 patch becomes one position."""
    batch, height, width, colours = pixels.shape
    rows, columns = height // PATCH, width // PATCH
    # Two steps: runs of bytes are moved whole, and then what is left is a plain transpose. In one step ONNX Runtime
    # moves byte by byte, which takes longer than the rest of the network in INT8.
    runs = pixels.reshape(batch, rows, PATCH, columns, PATCH * colours).transpose(2, 3)
    patches = runs.reshape(batch, rows, columns, PATCH**2 * colours).permute(0, 3, 1, 2)
    # Bytes until here: a quarter of the memory traffic.
    return patches.to(torch.get_default_dtype())
