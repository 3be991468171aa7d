"""How much faster or slower: two measurements of a latency, and what their noise leaves of the difference."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgedf.metrics.bootstrap import Interval

Floats = npt.NDArray[np.float64]

FASTEST = 0.1  # share of the rounds that nothing disturbed
BLOCK = 5  # rounds that are drawn together: what disturbs one, disturbs the next
LEAST = 2 * BLOCK  # rounds that tell something of their noise


def change(old_ms: Sequence[float], new_ms: Sequence[float], resamples: int = 1000, seed: int = 0) -> Interval:
    """Change of latency as a share of the old one, 0.08 for 8 % slower, with its 95 % interval; -1 to 1 if unknown.

    The mean of the fastest tenth of the rounds is compared: other work on the machine makes a call slower and never
    faster, so that this varied by .4 % between 16 runs of one model beside a training on all cores, and the median over
    all calls by 4 %. The interval is by bootstrap over blocks of neighbouring rounds, of each measurement by itself. A
    rank test would tell that two sets of rounds differ, which a busier hour brings about too; this tells by how much.
    Fewer than 10 rounds tell nothing of their noise.

    Args:
        old_ms: Median of each round, in their order.
        new_ms: The same of the other measurement.
        resamples: Number of draws.
        seed: Seeds them.
    """
    random = np.random.default_rng(seed)
    if min(len(old_ms), len(new_ms)) < LEAST:
        resamples = 0
    old, new = (_draws(np.asarray(rounds, np.float64), resamples, random) for rounds in (old_ms, new_ms))
    return Interval.from_draws(new / old - 1, lowest=-1.0)


def times_as_fast(first_ms: Sequence[float], other_ms: Sequence[float]) -> float | None:
    """How many times as fast the second is as the first, by the fastest tenth of the rounds of each, see `change`.

    Args:
        first_ms: Median of each round, in their order.
        other_ms: The same of the other, from the same rounds.

    Returns:
        The ratio, below 1 where the second is slower; None where the rounds are not known or not the same.
    """
    if not first_ms or len(first_ms) != len(other_ms):
        return None
    return 1 / (1 + change(first_ms, other_ms, resamples=0).value)


def _draws(rounds: Floats, resamples: int, random: np.random.Generator) -> Floats:
    """Mean of the fastest rounds `(1 + R,)`: of all as they are, then of each draw."""
    count = len(rounds)
    blocks = -(-count // BLOCK)
    starts = random.integers(0, count, (resamples, blocks, 1))
    places = (starts + np.arange(BLOCK)).reshape(resamples, blocks * BLOCK)[:, :count] % count
    drawn = np.sort(np.vstack([rounds, rounds[places]]), axis=1)
    means: Floats = drawn[:, : max(round(FASTEST * count), 1)].mean(axis=1)
    return means
