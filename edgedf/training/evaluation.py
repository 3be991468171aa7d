"""Val metrics of an epoch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf import metrics
from edgedf.data.packed import PackedFaces
from edgedf.errors import DatasetError
from edgedf.training.config import TrainConfig


def require_usable(train: PackedFaces, val: PackedFaces, config: TrainConfig) -> None:
    """Finds in the first second what would otherwise stop the run after its first epoch.

    Raises:
        DatasetError: A split has one class only, or too few groups to cross-fit a threshold.
    """
    for name, faces in (("train", train), ("val", val)):
        if len(set(faces.labels.tolist())) < 2:
            raise DatasetError(f"split {name} has faces of one class only: add the other")
    evaluate_epoch(np.arange(len(val), dtype=np.float32), val, config)


def evaluate_epoch(found: NDArray[np.float32], val: PackedFaces, config: TrainConfig) -> dict[str, Any]:
    """Val metrics of one epoch, all from one cross-fitted confusion matrix.

    The counts are val's own; precision and F1 are stated at `prevalence`.
    """
    scores = metrics.sigmoid(found)
    prevalence = config.prevalence or float(val.labels.mean())
    weights = metrics.prevalence_weights(val.labels, prevalence)
    counts = metrics.cross_fitted_matrix(val.labels, scores, val.groups, config.threshold_rule, prevalence)
    matrix = counts.at_prevalence(prevalence)
    return {
        "auc": metrics.auc(val.labels, scores),
        "f1": matrix.f1,
        "precision": matrix.precision,
        "recall": matrix.recall,
        "prevalence": prevalence,
        "threshold": metrics.choose_threshold(val.labels, scores, config.threshold_rule, weights),
        **{name: int(getattr(counts, name)) for name in ("tn", "fp", "fn", "tp")},
    }
