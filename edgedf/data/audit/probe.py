"""The shortcut probe: how well a simple classifier tells the label from cheap cues, on people it was not fitted on.

Each cue is cut at its quantiles and every part has a weight of its own, so that a cue counts whatever its shape
(reals of middle size between small and large fakes); ridge regression fits the weights, which one solution of linear
equations does where boosted trees would take minutes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
BINS = 8
RIDGE = 30.0  # pictures' worth of doubt about each weight


def probe(values: NDArray[np.float32], labels: NDArray[np.uint8], groups: Sequence[str]) -> NDArray[np.float64]:
    """Scores each picture with a classifier fitted on the other folds of groups.

    Args:
        values: Cues `(N, d)`, NaN where there is none.
        labels: `(N,)`, 1 is fake.
        groups: Group of each picture; a fold never cuts through one.

    Returns:
        `(N,)`, higher for what looks fake by these cues, 0 where nothing can be told.
    """
    fold_of = _folds(groups)
    scores = np.zeros(len(labels))
    for fold in np.unique(fold_of):
        own = fold_of == fold
        if 0 < labels[~own].sum() < np.count_nonzero(~own):
            scores[own] = _fit_and_score(values[~own], labels[~own], values[own])
    return scores


def _folds(groups: Sequence[str]) -> NDArray[np.intp]:
    """Fold of each picture: groups dealt out in turn, the largest first."""
    names, group_of, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(0).permutation(len(names))
    turn = np.empty(len(names), np.intp)
    turn[shuffled[np.argsort(-sizes[shuffled], kind="stable")]] = np.arange(len(names)) % FOLDS
    return turn[group_of]


def _fit_and_score(
    values: NDArray[np.float32], labels: NDArray[np.uint8], others: NDArray[np.float32]
) -> NDArray[np.float64]:
    cuts = [_cuts(column) for column in values.T]
    known, unknown = _parts(values, cuts), _parts(others, cuts)
    # Both classes count the same, so that a rare one is not explained away.
    weight = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean())).astype(np.float32)
    mean = weight @ known / weight.sum()
    centred = known - mean
    weighted = centred * weight[:, None]
    gram = (weighted.T @ centred).astype(np.float64) + RIDGE * np.eye(centred.shape[1])
    slope = np.linalg.solve(gram, weighted.T.astype(np.float64) @ np.where(labels == 1, 1.0, -1.0))
    return np.asarray((unknown - mean) @ slope, np.float64)


def _cuts(column: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where a cue is cut: after each of its values if they are few, or else at its quantiles."""
    known = column[~np.isnan(column)]
    distinct = np.unique(known)
    if len(distinct) <= BINS:
        return distinct[:-1]
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]).astype(np.float32))


def _parts(values: NDArray[np.float32], cuts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """For each cue and each of its cuts whether the value lies above, and whether there is none, `(N, parts)`.

    Steps, not single bins: neighbours share weights, and the doubt about each pulls towards a smooth shape.
    """
    columns = [np.isnan(values)]
    columns += [values[:, [i]] > cut[None] for i, cut in enumerate(cuts)]
    return np.concatenate(columns, axis=1).astype(np.float32)
