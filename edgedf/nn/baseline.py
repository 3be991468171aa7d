"""MobileNetV2Simple, the baseline of the first experiment: MobileNetV2 and a small head."""

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

from edgedf.nn.detector import Detector, Output, channels_first


class MobileNetV2Simple(Detector):
    """MobileNetV2 (Sandler et al., CVPR 2018) with dropout and one linear layer.

    Args:
        image_size: Side in pixels that the crop is scaled to inside the network.
    """

    def __init__(self, image_size: int = 256) -> None:
        super().__init__()
        self.image_size = image_size
        self.features = models.mobilenet_v2(weights=None).features
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(1280, 1)

    def forward(self, pixels: Tensor) -> Output:
        """See `Detector.forward`; attention is the energy of the last (B, 1280, h, w) features, peak 1."""
        rgb = channels_first(pixels)
        if self.image_size != rgb.shape[-1]:
            rgb = F.interpolate(rgb, size=(self.image_size, self.image_size), mode="bilinear")
        mean, std = rgb.new_tensor(_MEAN).view(1, 3, 1, 1), rgb.new_tensor(_STD).view(1, 3, 1, 1)
        features: Tensor = self.features((rgb - mean) / std)
        energy = features.square().mean(1)  # Zagoruyko and Komodakis, ICLR 2017
        attention = energy / (energy.amax((1, 2), keepdim=True) + 1e-6)
        embedding = features.mean((2, 3))
        return Output(self.head(self.dropout(embedding)), attention, embedding)

    def load_imagenet(self, state: dict[str, Tensor]) -> None:
        """Takes torchvision's MobileNetV2 state dict; the classifier's weights are dropped."""
        wanted = {k.removeprefix("features."): v for k, v in state.items() if k.startswith("features.")}
        self.features.load_state_dict(wanted)


_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
