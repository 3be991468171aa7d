from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.explain.explanation import Subject
from edgedf.explain.maps import Crop
from edgedf.explain.measures import BETTER, CENTRE, JPEG, RANDOM, SHIFT, Case, compare, measure, sanity

GROUPS = ["a", "b", "c"]


@pytest.fixture
def cases(crop: Crop, region: NDArray[np.bool_]) -> list[Case]:
    return [Case(np.roll(crop, 16 * i, 1), region, group) for i, group in enumerate(GROUPS)]


def test_what_is_true_beats_the_centre_prior_and_what_is_false_is_named_worse(
    subject: Subject, cases: list[Case]
) -> None:
    found = measure(subject, cases)
    assert set(found) == {"attention", "occlusion", RANDOM, CENTRE}
    assert set(found["occlusion"].values) == {*BETTER, SHIFT, JPEG}
    assert set(found[RANDOM].values) == set(BETTER)
    true, false = (compare(found, name, CENTRE, GROUPS) for name in ("occlusion", "attention"))
    assert {"pointing game", "energy inside", "best IoU", "deletion", "insertion"} <= set(true.better)
    assert not true.worse
    assert {"energy inside", "IoU at .5"} <= set(false.worse) and not false.better


def test_the_centre_prior_is_no_different_from_itself(subject: Subject, cases: list[Case]) -> None:
    assert compare(measure(subject, cases), CENTRE, CENTRE, GROUPS) == ([], [])


def test_one_group_proves_nothing(subject: Subject, cases: list[Case]) -> None:
    assert compare(measure(subject, cases), "occlusion", RANDOM, ["a"] * 3) == ([], [])


def test_the_best_threshold_is_no_worse_than_the_fixed_one(subject: Subject, cases: list[Case]) -> None:
    for one in measure(subject, cases).values():
        assert one.values["best IoU"].mean() >= one.values["IoU at .5"].mean()
        assert 0 < one.threshold < 1


def test_sanity_is_1_for_the_same_model_and_less_for_one_that_says_nothing(subject: Subject, cases: list[Case]) -> None:
    assert sanity(subject, subject, cases)["occlusion"] == pytest.approx(1)
    dead = replace(subject, ask=lambda crops: subject.ask(np.zeros_like(crops)))
    assert sanity(subject, dead, cases)["occlusion"] == pytest.approx(0)
