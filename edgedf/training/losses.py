"""Objectives: modules that turn an output and a batch into named loss terms. The loop knows only `loss`."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.detector import Detector, Output
from edgedf.training.batches import Batch

Terms = dict[str, Tensor]


class Supervised(nn.Module):
    """Binary cross-entropy on labels, and the locator's box where the network has one.

    Args:
        pos_weight: Weight of fakes.
        label_smoothing: Share of the label moved to the other class.
        box_weight: Weight of the box term.
    """

    def __init__(self, pos_weight: float = 1.0, label_smoothing: float = 0.0, box_weight: float = 1.0) -> None:
        super().__init__()
        self.pos_weight, self.label_smoothing, self.box_weight = pos_weight, label_smoothing, box_weight

    def forward(self, output: Output, batch: Batch) -> Terms:
        """Returns scalars `loss`, `label` and, with a locator, `box`."""
        target = batch.labels * (1 - 2 * self.label_smoothing) + self.label_smoothing
        weight = torch.tensor(self.pos_weight, device=target.device)
        label = F.binary_cross_entropy_with_logits(output.logit.float(), target, pos_weight=weight)
        if output.box is None or not self.box_weight:
            return {"loss": label, "label": label}
        box = F.smooth_l1_loss(output.box.float(), batch.boxes, beta=0.1)
        return {"loss": label + self.box_weight * box, "label": label, "box": box}


class Learner(nn.Module):
    """Network and objective as one module, so that several processes train both.

    An objective may own parameters (a projector); they are trained too and never deployed.
    """

    def __init__(self, model: Detector, objective: nn.Module) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, batch: Batch) -> Terms:
        """Loss terms of a batch."""
        terms: Terms = self.objective(self.model(batch.pixels), batch)
        return terms
