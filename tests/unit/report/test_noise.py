"""What one report calls a tie and what it finds, in its own words, on rounds as a busy machine gives them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from edgedf.metrics import times_as_fast
from edgedf.report import Noise, Report, words
from tests import recorded_rounds
from tests.recorded_rounds import DISTURBANCES, FASTEST, RECORDED
from tests.unit.report.conftest import timed

Rounds = Sequence[float]
Source = Callable[[float], Iterable[tuple[Rounds, Rounds, Rounds]]]

MODELLED = 100


def told(report: Report, first: Rounds, again: Rounds, other: Rounds) -> str:
    """What a report says of an artefact beside the first, which was measured twice in the same run."""
    one = timed(report.results[0], first)
    two = replace(timed(one, other), name="other", times_as_fast=times_as_fast(first, other))
    whole = replace(report, results=[one, two], noise=Noise.of(one.name, first, again, 1e-4))
    said = words.ratio(whole, two)
    assert said.endswith("a tie") == (f"{one.name} and other are a tie" in words.noise(whole))
    return said


def recorded(slower: float) -> Iterable[tuple[Rounds, Rounds, Rounds]]:
    """Each recorded run, with the rounds of those after it, at its pace, as a third name."""
    runs = len(RECORDED)
    for run in range(runs):
        first, again = RECORDED[run].tolist()
        for step in (1, 2):
            for name in (0, 1):
                yield first, again, (slower * FASTEST[run] * DISTURBANCES[(run + step) % runs, name]).tolist()


def modelled(slower: float) -> Iterable[tuple[Rounds, Rounds, Rounds]]:
    random = np.random.default_rng(0)
    return (recorded_rounds.with_other(random, slower) for _ in range(MODELLED))


@pytest.mark.parametrize("source", [recorded, modelled])
def test_one_artefact_under_two_names_is_a_tie_in_19_of_20_reports(report: Report, source: Source) -> None:
    assert np.mean([told(report, *run).endswith("a tie") for run in source(1.0)]) >= 0.95


@pytest.mark.parametrize("source", [recorded, modelled])
def test_a_planted_slowdown_of_8_percent_is_found_in_19_of_20_reports(report: Report, source: Source) -> None:
    assert np.mean([told(report, *run).endswith("times as slow") for run in source(1.08)]) >= 0.95
