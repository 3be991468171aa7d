"""Objectives: modules that turn an output and a batch into named loss terms. The loop knows only `loss`."""

import math
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.data.packed import PackedFaces
from edgedf.nn.detector import Detector, Output
from edgedf.training.batches import Batch
from edgedf.training.config import TrainConfig

Terms = dict[str, Tensor]

LEAST = 1e-4  # of a map: its logarithm stays finite in half precision too


class Objective(nn.Module):
    """Base of the objectives."""

    def constant_loss(self, share: float) -> float:
        """The least `label` loss that a constant guess can have where a share of the images is fake."""
        raise NotImplementedError

    def forward(self, output: Output, batch: Batch) -> Terms:
        """Returns scalar terms, of which `loss` is minimised and `label` watched."""
        raise NotImplementedError


class Supervised(Objective):
    """Binary cross-entropy on labels, and the locator's box where the network has one.

    Args:
        pos_weight: Weight of fakes.
        label_smoothing: Share of the label moved to the other class.
        box_weight: Weight of the box term.
        mask_weight: Weight of the attention map against the mask of what is forged, of batches that have one.
        prior_shift: Log-odds of fakes as shown, above those in deployment: added to the logit in training alone, so
            that the logit itself is right in deployment (Menon et al., "Long-tail learning via logit adjustment",
            ICLR 2021).
    """

    def __init__(
        self,
        pos_weight: float = 1.0,
        label_smoothing: float = 0.0,
        box_weight: float = 1.0,
        mask_weight: float = 0.0,
        prior_shift: float = 0.0,
    ) -> None:
        super().__init__()
        self.pos_weight, self.label_smoothing = pos_weight, label_smoothing
        self.box_weight, self.mask_weight, self.prior_shift = box_weight, mask_weight, prior_shift

    @classmethod
    def of(cls, config: TrainConfig, faces: PackedFaces) -> Self:
        """The objective of a run on these training images."""
        share = shown_share(config, faces)
        weight = (1 - share) / share if config.class_weighting else 1.0
        shift = _log_odds(share) - _log_odds(config.prevalence or float(faces.labels.mean()))
        return cls(weight, config.label_smoothing, config.box_weight, config.mask_weight, shift)

    def constant_loss(self, share: float) -> float:
        """The least `label` loss that a constant guess can have where a share of the images is fake."""
        fake = share * (1 - 2 * self.label_smoothing) + self.label_smoothing
        guess = self.pos_weight * fake / (self.pos_weight * fake + 1 - fake)
        return -self.pos_weight * fake * math.log(guess) - (1 - fake) * math.log(1 - guess)

    def forward(self, output: Output, batch: Batch) -> Terms:
        """Returns scalars `loss`, `label`, with a locator `box`, and with masks `mask`."""
        target = batch.labels * (1 - 2 * self.label_smoothing) + self.label_smoothing
        weight = torch.tensor(self.pos_weight, device=target.device)
        logit = output.logit.float() + self.prior_shift
        label = F.binary_cross_entropy_with_logits(logit, target, pos_weight=weight)
        terms = {"loss": label, "label": label}
        if output.box is not None and self.box_weight:
            terms["box"] = F.smooth_l1_loss(output.box.float(), batch.boxes, beta=0.1)
            terms["loss"] = terms["loss"] + self.box_weight * terms["box"]
        if batch.masks is not None:
            terms["mask"] = mask_loss(output.attention.float(), batch.masks)
            terms["loss"] = terms["loss"] + self.mask_weight * terms["mask"]
        return terms


def mask_loss(attention: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy of maps (B, h, w) in [0, 1] against the masks (B, 16, 16) that are known; 0 where none is."""
    maps = F.adaptive_avg_pool2d(attention, masks.shape[-1]).clamp(LEAST, 1 - LEAST)
    known = ~masks.isnan()
    loss = F.binary_cross_entropy_with_logits(maps.logit(), masks.nan_to_num(), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def shown_share(config: TrainConfig, faces: PackedFaces) -> float:
    """Share of fakes among the images that an epoch shows; a mixture is half a fake on average."""
    share = 0.5 if config.pairs else config.prevalence or float(faces.labels.mean())
    if not config.mix:
        return share
    mixed = float((faces.originals != np.arange(len(faces))).sum() / faces.labels.sum())
    mixed += config.forge * (1 - mixed)  # a forgery has its original
    return share * (1 - mixed / 2)


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


class Learner(nn.Module):
    """Network and objective as one module, so that several processes train both.

    An objective may own parameters (a projector); they are trained too and never deployed.
    """

    def __init__(self, model: Detector, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch) -> Terms:
        """Loss terms of a batch."""
        terms: Terms = self.objective(self.model(batch.pixels), batch)
        return terms
