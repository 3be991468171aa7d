"""The teacher: EfficientNet trunk -> FPN -> CBAM on each level, behind a built-in face locator."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.detector import Detector, Output, attention_pool, channels_first
from edgedf.nn.fpn import FPN
from edgedf.nn.frequency import FrequencyBranch
from edgedf.nn.locator import FaceLocator, crop_box, uncrop_box
from edgedf.nn.trunks import build_trunk

WIDTH = 96  # of the pyramid: (96, 8, 8) features in FP16 keep a cached view under 16 KB
EMBEDDING = 256
ATTENTION = 32  # side of the attention map in the crop's frame
FEATURES = 8


class Teacher(Detector):
    """Heavy detector, trained on a GPU where there is one.

    Args:
        trunk: A name of `edgedf.nn.trunks.TRUNKS`.
        image_size: Side in pixels of the face that the locator re-samples, a multiple of 32.
        frequency: Adds the block-DCT branch to the finest level.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: str = "efficientnet_b3", image_size: int = 256, frequency: bool = False) -> None:
        super().__init__()
        self.image_size = image_size
        self.locator = FaceLocator()
        self.trunk = build_trunk(trunk)
        self.register_buffer("mean", torch.tensor(self.trunk.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(self.trunk.std).view(1, 3, 1, 1), persistent=False)
        self.frequency = FrequencyBranch(WIDTH) if frequency else None
        self.fpn = FPN(self.trunk.channels, WIDTH)
        self.attention = nn.Conv2d(WIDTH, 1, 1)
        # The trunk's own last features are pretrained and reach the verdict directly; the pyramid starts from nothing.
        self.embed = nn.Sequential(nn.Linear(6 * WIDTH + self.trunk.channels[-1], EMBEDDING), nn.ReLU())
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(EMBEDDING, 1)
        self.feature_channels, self.level_channels = WIDTH, self.trunk.channels

    def forward(self, pixels: Tensor) -> Output:
        """See `Detector.forward`; attention is (B, 32, 32), features (B, 96, 8, 8) of the 16 px level."""
        rgb = channels_first(pixels)
        box = self.locator((rgb - 127.5) / 127.5)
        # Detached: the verdict's gradient through the re-sampling is large and noisy and tears the locator away from
        # the face (box loss .15 instead of .014, measured). The locator learns from boxes alone.
        face = crop_box(rgb, box.detach(), self.image_size)
        frequency = self.frequency(face) if self.frequency is not None else None
        trunk = self.trunk((face - self.mean) / self.std)
        pyramid = self.fpn(trunk, frequency)
        attention = torch.sigmoid(self.attention(pyramid[0]))  # (B, 1, size/8, size/8), in the face's frame
        pooled = [pool for level in pyramid for pool in _pools(level, attention)]
        embedding = self.embed(torch.cat([*pooled, trunk[-1].mean((2, 3))], 1))
        logit = self.head(self.dropout(embedding))
        view_attention = uncrop_box(attention, box.detach(), ATTENTION).squeeze(1).clamp(0, 1)
        features = uncrop_box(pyramid[1], box.detach(), FEATURES)
        return Output(logit, view_attention, embedding, features, box, trunk)


def _pools(level: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
    """Attention-weighted and plain mean of a level, (B, C) each."""
    factor = attention.shape[-1] // level.shape[-1]
    return attention_pool(level, F.avg_pool2d(attention, factor)), level.mean((2, 3))
