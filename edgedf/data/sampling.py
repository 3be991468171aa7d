"""Which images an epoch shows, at the deployment's rate of fakes."""

import numpy as np
from numpy.typing import NDArray


def epoch_order(labels: NDArray[np.uint8], epoch: int, seed: int, prevalence: float | None = None) -> NDArray[np.int64]:
    """Indices of one epoch in random order, the same for the same arguments.

    With a prevalence, all of one class and a part of the other are drawn, so that fakes make up that share; the
    part moves on from epoch to epoch until every image has been shown.

    Args:
        labels: `(N,)`, 1 is fake.
        epoch: From 0.
        seed: Of the run.
        prevalence: Wanted share of fakes in (0, 1); None shows everything.

    Returns:
        `(M,)` indices into `labels`.
    """
    order = np.random.default_rng([seed, 1, epoch])
    if prevalence is None:
        return order.permutation(len(labels))
    real, fake = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    fakes = round(len(real) * prevalence / (1 - prevalence))
    if fakes <= len(fake):
        fake = _window(fake, fakes, epoch, seed)
    else:
        real = _window(real, round(len(fake) * (1 - prevalence) / prevalence), epoch, seed)
    return order.permutation(np.concatenate([real, fake]))


def paired_order(labels: NDArray[np.uint8], originals: NDArray[np.int64], epoch: int, seed: int) -> NDArray[np.int64]:
    """Indices of one epoch in pairs: each real crop, and next to it a fake that was made from it.

    What the two share (face, light, compression) cannot tell them apart, so that a step's gradient is about the
    forgery. A crop's fakes take turns from epoch to epoch; a real crop without one is shown beside any fake.

    Args:
        labels: `(N,)`, 1 is fake.
        originals: `(N,)`, see `PackedFaces`.
        epoch: From 0.
        seed: Of the run.

    Returns:
        `(2 x reals,)` indices into `labels`: real, fake, real, fake, ...
    """
    real, fake = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    # Only the order is the seed's: runs that differ in it show the same images and share a teacher's stored answers.
    turns: dict[int, list[int]] = {}
    for index in np.random.default_rng(3).permutation(fake).tolist():
        turns.setdefault(int(originals[index]), []).append(index)
    any_fake = np.random.default_rng([4, epoch]).choice(fake, len(real)).tolist()
    partners = [
        turns[own][epoch % len(turns[own])] if own in turns else other
        for own, other in zip(real.tolist(), any_fake, strict=True)
    ]
    return np.random.default_rng([seed, 5, epoch]).permutation(np.column_stack([real, partners])).ravel()


def _window(indices: NDArray[np.int64], count: int, epoch: int, seed: int) -> NDArray[np.int64]:
    """The `epoch`-th run of `count` indices in one fixed shuffle, wrapping around."""
    shuffled = np.random.default_rng([seed, 2]).permutation(indices)
    return shuffled[np.arange(epoch * count, (epoch + 1) * count) % len(shuffled)]
