"""Which images an epoch shows, at the deployment's rate of fakes, and which stand for all of them."""

from collections import Counter
from collections.abc import Hashable, Sequence

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


def paired_order(
    labels: NDArray[np.uint8],
    originals: NDArray[np.int64],
    sources: NDArray[np.int64],
    epoch: int,
    seed: int,
    least_share: float = 0.0,
) -> NDArray[np.int64]:
    """Indices of one epoch in pairs: each real crop, and next to it a fake that was made from it.

    What the two share (face, light, compression) cannot tell them apart, so that a step's gradient is about the
    forgery. A real crop without a fake of its own is shown beside any fake of its dataset, and fakes that nobody
    knows the original of have their share of the pairs.

    Args:
        labels: `(N,)`, 1 is fake.
        originals: `(N,)`, see `PackedFaces`.
        sources: `(N,)`, see `PackedFaces`.
        epoch: From 0.
        seed: Of the run.
        least_share: Of the pairs that each dataset has at least; the reals of a smaller one come more than once.

    Returns:
        `(2 x pairs,)` indices into `labels`: real, fake, real, fake, ...; a pair for each real, and the repeated ones.
    """
    parts = [np.flatnonzero(sources == source) for source in np.unique(sources)]
    if any(np.ptp(labels[part]) == 0 for part in parts):  # a dataset of one class: it has no pairs within
        parts = [np.arange(len(labels))]
    # Only the order is the seed's: runs that differ in it show the same images and share a teacher's stored answers.
    draw = np.random.default_rng([3, epoch])
    reals = sum(int((labels[part] == 0).sum()) for part in parts)
    drawn = [_pairs(part, labels, originals, draw, round(least_share * reals)) for part in parts]
    pairs = np.concatenate(drawn)
    return np.random.default_rng([seed, 4, epoch]).permutation(pairs).ravel()


def _pairs(
    part: NDArray[np.int64],
    labels: NDArray[np.uint8],
    originals: NDArray[np.int64],
    draw: np.random.Generator,
    least: int,
) -> NDArray[np.int64]:
    """`(P, 2)`: each real of some indices and a fake of them; from the first on again where that makes too few."""
    real, fake = part[labels[part] == 0], part[labels[part] == 1]
    real = np.resize(real, max(len(real), least))
    strangers = fake[originals[fake] == fake]
    own: dict[int, list[int]] = {}
    for index in fake.tolist():
        own.setdefault(int(originals[index]), []).append(index)

    def partner(index: int) -> int:
        some = strangers if draw.random() * len(fake) < len(strangers) else own.get(index, fake)
        return int(some[draw.integers(len(some))])

    return np.array([(index, partner(index)) for index in real.tolist()], np.int64)


def _window(indices: NDArray[np.int64], count: int, epoch: int, seed: int) -> NDArray[np.int64]:
    """The `epoch`-th run of `count` indices in one fixed shuffle, wrapping around."""
    shuffled = np.random.default_rng([seed, 2]).permutation(indices)
    return shuffled[np.arange(epoch * count, (epoch + 1) * count) % len(shuffled)]


def by_turns(parts: Sequence[Hashable], random: np.random.Generator) -> NDArray[np.int64]:
    """Indices (N,) by chance, one of each part before the second of any: the first of them are spread over all parts.

    Args:
        parts: Of each image, such as its group.
        random: Decides.
    """
    order = random.permutation(len(parts))
    taken = Counter[Hashable]()
    turns = []
    for i in order.tolist():
        turns.append(taken[parts[i]])
        taken[parts[i]] += 1
    found: NDArray[np.int64] = order[np.argsort(turns, kind="stable")]
    return found


def some_by_turns(
    indices: NDArray[np.int64], parts: Sequence[Hashable], count: int, random: np.random.Generator
) -> list[int]:
    """At most `count` of some images, in the order of `by_turns`.

    Args:
        indices: Of the images.
        parts: Of every image, those among them and others.
        count: How many.
        random: Decides.
    """
    found: list[int] = indices[by_turns([parts[i] for i in indices.tolist()], random)[:count]].tolist()
    return found
