"""Pretraining: a student learns the features of a network that was trained on ImageNet, and on no forgery.

A small network that starts from random weights and learns from labels alone learns the faces by heart that it is
shown. What ImageNet's network sees at each place of a picture depends on no label: a student that starts from there
has more to judge new faces by.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from edgedf.errors import ConfigError
from edgedf.nn.detector import Detector, Output, channels_first, fused
from edgedf.nn.trunks import Trunk, build_trunk, published_weights
from edgedf.training.batches import Batch
from edgedf.training.compiled import Compiled
from edgedf.training.config import DistillConfig
from edgedf.training.levels import LevelLoss, standardised
from edgedf.training.losses import Objective, Supervised, Terms


class ImageNetGuide:
    """A frozen EfficientNet trunk. Not a module, so that the student's checkpoints do not hold its weights.

    Args:
        trunk: With its weights.
        image_size: Side that crops are scaled to before it sees them, a multiple of 32.
    """

    def __init__(self, trunk: Trunk, image_size: int) -> None:
        self.trunk = fused(trunk).requires_grad_(False).to(memory_format=torch.channels_last)
        self._levels: Callable[[Tensor], list[Tensor]] = self.trunk
        self.image_size = image_size
        self.channels = trunk.channels

    @classmethod
    def of(cls, config: DistillConfig) -> "ImageNetGuide":
        """The trunk of a configuration with its ImageNet weights.

        Raises:
            ConfigError: They are not at hand.
        """
        trunk, state = build_trunk(config.trunk), published_weights(config.trunk)
        if state is None:
            raise ConfigError(
                f"no ImageNet weights of {config.trunk} at hand: --set trunk=efficientnet_lite2, whose weights come"
                " with edgedf[train], as `--config pretrain` does"
            )
        trunk.load_imagenet(state)
        return cls(trunk, config.image_size)

    def compile(self) -> None:
        """Answers faster on a CPU after half a minute, see `edgedf.training.compiled`."""
        self._levels = Compiled(self.trunk)

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> list[Tensor]:
        """Features of crops (B, 256, 256, 3) at three levels, `standardised`: [(B, C, h, w)]."""
        trunk = self.trunk.to(pixels.device)
        mean, std = (torch.tensor(values, device=pixels.device).view(1, 3, 1, 1) for values in (trunk.mean, trunk.std))
        sides = (self.image_size, self.image_size)
        small = F.interpolate(channels_first(pixels), sides, mode="bilinear", antialias=True)
        return [standardised(level) for level in self._levels((small - mean) / std)]


class Pretraining(Objective):
    """The features of each stage of a student against those of ImageNet's network, and the labels beside them.

    With a small `hard_weight` the labels only show, in val's AUC, what the features are worth.

    Args:
        guide: Whose features.
        student: Gives the number of channels of its stages.
        supervised: The labels' objective.
        config: Of the run, with the weights of the terms.
    """

    def __init__(self, guide: ImageNetGuide, student: Detector, supervised: Supervised, config: DistillConfig) -> None:
        super().__init__()
        self.guide, self.supervised = guide, supervised
        self.feature_weight, self.hard_weight = config.feature_weight, config.hard_weight
        self.projectors = LevelLoss(student.level_channels, guide.channels)

    def constant_loss(self, share: float) -> float:
        """None is too large: labels are not what is learned here."""
        return math.inf

    def forward(self, output: Output, batch: Batch) -> Terms:
        """Returns scalars `loss`, `label` and `feature`, the fraction of the features' variance left unexplained."""
        assert output.levels is not None
        label = self.supervised(output, batch)["label"]
        feature = self.projectors(output.levels, self.guide(batch.pixels))
        return {
            "loss": self.feature_weight * feature + self.hard_weight * label,
            "label": label,
            "feature": feature,
        }
