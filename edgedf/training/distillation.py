"""Distillation: the student's objective with a teacher."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.detector import Detector, Output
from edgedf.training.batches import Batch
from edgedf.training.config import DistillConfig
from edgedf.training.guide import CachedGuide, Guide
from edgedf.training.levels import LevelLoss
from edgedf.training.losses import Objective, Supervised, Terms


class Distillation(Objective):
    """Labels, soft labels, features and attention, each with its weight.

    The temperature softens both logits (Hinton et al., 2015); features are those of Romero et al. (FitNets, ICLR 2015),
    attention maps those of Zagoruyko and Komodakis (ICLR 2017).

    Args:
        guide: The teacher.
        student: Gives the number of feature channels.
        supervised: The labels' objective.
        config: Of the run, with temperature and weights.
    """

    def __init__(
        self,
        guide: Guide | CachedGuide,
        student: Detector,
        supervised: Supervised,
        config: DistillConfig,
    ) -> None:
        super().__init__()
        self.guide, self.supervised, self.temperature = guide, supervised, config.temperature
        self.weights = {
            "label": config.hard_weight,
            "soft_label": config.logit_weight,
            "feature": config.feature_weight,
            "attention": config.attention_weight,
        }
        self.level_weight = config.level_weight
        if config.level_weight:
            assert isinstance(guide, Guide)  # stored answers have no levels
            self.level_projectors = LevelLoss(student.level_channels, guide.level_channels)
        self.projector = nn.Conv2d(int(student.feature_channels), guide.channels, 1)  # type: ignore[arg-type]

    def constant_loss(self, share: float) -> float:
        """See `Objective.constant_loss`."""
        return self.supervised.constant_loss(share)

    def forward(self, output: Output, batch: Batch) -> Terms:
        """Returns scalars `loss`, `label`, `soft_label`, `feature`, `attention`, and `mask` and `level` if learned."""
        guidance = self.guide(batch)
        assert output.features is not None
        labelled = self.supervised(output, batch)
        terms = {
            "label": labelled["label"],
            "soft_label": soft_label_loss(output.logit.float(), guidance.logit, self.temperature),
            "feature": feature_loss(self.projector(output.features).float(), guidance.features),
            "attention": attention_loss(output.attention.float(), guidance.attention),
        }
        total = torch.stack([weight * terms[name] for name, weight in self.weights.items()]).sum()
        if "mask" in labelled:
            terms["mask"] = labelled["mask"]
            total = total + self.supervised.mask_weight * terms["mask"]
        if self.level_weight:
            assert output.levels is not None and guidance.levels is not None
            terms["level"] = self.level_projectors(output.levels, guidance.levels)
            total = total + self.level_weight * terms["level"]
        return {"loss": total, **terms}


def soft_label_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Binary cross-entropy against the teacher's softened probability, times T^2 as in Hinton et al."""
    target = torch.sigmoid(teacher / temperature)
    return F.binary_cross_entropy_with_logits(student / temperature, target) * temperature**2


def feature_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean over positions of 1 - cosine between (B, C, h, w) feature vectors."""
    return (1 - F.cosine_similarity(student, teacher, dim=1)).mean()


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared distance of (B, h, w) maps, each scaled to unit length."""
    a, b = (F.normalize(maps.flatten(1), dim=1) for maps in (student, teacher))
    return (a - b).square().sum(1).mean()
