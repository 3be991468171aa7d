"""Rounds of a latency as a busy machine gives them: a seeded model of noise, fitted to recorded ones.

Each round is the model's own time, times the speed of its run as a whole, times a disturbance. Speeds vary as those of
the recorded runs did. Disturbances are blocks of neighbouring rounds, drawn from all of the recorded runs, and meet
both names of a model alike.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RECORDED = np.array(json.loads(Path(__file__).with_name("rounds.json").read_text())["runs"])  # (runs, names, rounds)
BLOCK = 5
FASTEST = np.sort(RECORDED, axis=2)[:, :, :3].mean(axis=(1, 2))  # of each run, without its disturbances
BETWEEN_RUNS = float(np.log(FASTEST).std(ddof=1))
DISTURBANCES = RECORDED / FASTEST[:, None, None]


def run(random: np.random.Generator, slower: float = 1.0) -> tuple[list[float], list[float]]:
    """Rounds in ms of one model under two names, `slower` times as slow as the recorded one."""
    disturbed = _disturbed(random)
    pace = FASTEST.mean() * slower * np.exp(random.normal(0, BETWEEN_RUNS))
    first, second = (disturbed * pace).tolist()
    return first, second


def with_other(random: np.random.Generator, slower: float) -> tuple[list[float], list[float], list[float]]:
    """Rounds of one run: of a model under two names, and of one `slower` times as slow that other disturbances meet."""
    (first, again), (other, _) = (FASTEST.mean() * _disturbed(random) for _ in range(2))
    return first.tolist(), again.tolist(), (slower * other).tolist()


def _disturbed(random: np.random.Generator) -> NDArray[np.float64]:
    """Disturbances (names, rounds) of a run."""
    runs, _, rounds = RECORDED.shape
    starts = random.integers(0, (runs, rounds - BLOCK + 1), (rounds // BLOCK, 2))
    return np.concatenate([DISTURBANCES[one, :, start : start + BLOCK] for one, start in starts], axis=1)
