"""Rounds of a latency as a busy machine gives them: a seeded model of noise, fitted to recorded ones.

A run keeps how disturbed it was, of one of the recorded runs: blocks of its rounds are drawn anew. Its speed as a whole
varies as much as that of the recorded runs did. Both names of a model meet the same disturbances.
"""

import json
from pathlib import Path

import numpy as np

RECORDED = np.array(json.loads(Path(__file__).with_name("rounds.json").read_text())["runs"])  # (runs, names, rounds)
BLOCK = 5
FASTEST = np.sort(RECORDED, axis=2)[:, :, :3].mean(axis=(1, 2))
BETWEEN_RUNS = float(np.log(FASTEST).std(ddof=1))


def run(random: np.random.Generator, slower: float = 1.0) -> tuple[list[float], list[float]]:
    """Rounds in ms of one model under two names, `slower` times as slow as the recorded one."""
    recorded = RECORDED[random.integers(len(RECORDED))]
    count = recorded.shape[1]
    starts = random.integers(0, count, (count // BLOCK, 1))
    drawn = recorded[:, ((starts + np.arange(BLOCK)) % count).ravel()]
    first, second = (drawn * slower * np.exp(random.normal(0, BETWEEN_RUNS))).tolist()
    return first, second
