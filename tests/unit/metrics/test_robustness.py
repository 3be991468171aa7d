"""What a robustness card refuses to say, and when INT8 departs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from edgedf.errors import InternalError
from edgedf.metrics import Interval
from edgedf.metrics.robustness import Apart, Curve, Form, Hardiness, Robustness, Step, Worth

FORMS = [Form("model.onnx", "fp32", 0.5), Form("model.int8.onnx", "int8", 0.5)]


def change(value: float, high: float) -> Interval:
    return Interval(value, 2 * value - high, high)


def step(strength: float, lost: float = 0.0, high: float = 0.01) -> Step:
    """Recall of .8, and of that less what is lost."""
    before, after, none = Interval(0.8, 0.7, 0.9), Interval(0.8 - lost, 0.6, 0.9), change(0.0, 0.0)
    steady = Interval(0.75, 0.7, 0.8)
    worth = [Worth(steady, steady, recall) for recall in (before, after)]
    return Step(strength, worth, Apart(none, change(-lost, high), 0.02))


def hardy(steps: Sequence[Step], departs: float | None, untouched: Step | None = None) -> Robustness:
    model = Hardiness("student", FORMS, untouched or step(0.0), [Curve("noise", steps, departs)])
    return Robustness(100, 40, 50, 0.17, 0.005, [model])


@pytest.mark.parametrize(
    ("lost", "high", "departs"),
    [(0.006, -0.001, True), (0.006, 0.001, False), (0.004, -0.001, False), (-0.1, 0.2, False)],
)
def test_int8_departs_where_it_surely_loses_more_than_the_bound(lost: float, high: float, departs: bool) -> None:
    apart = step(0.5, lost, high).apart
    assert apart and apart.departs(0.005) is departs


def test_the_first_strength_counts_and_untouched_faces_are_the_first_of_all() -> None:
    far = step(0.5, 0.1, -0.05)
    assert hardy([step(0.25), far, replace(far, strength=1.0)], departs=0.5)
    assert hardy([step(0.25)], departs=None)
    assert hardy([step(0.25)], departs=0.0, untouched=replace(far, strength=0.0))


def test_flips_are_told_untouched_and_at_the_worst_of_each_degradation() -> None:
    some = step(0.5)
    assert some.apart
    worse = replace(some, strength=1.0, apart=replace(some.apart, flips=0.1))
    assert hardy([some, worse], None).flips() == {"student": 0.02, "student, noise": 0.1}


def test_a_card_has_shares_and_a_degradation() -> None:
    with pytest.raises(InternalError, match="no share"):
        hardy([replace(step(0.5), worth=[Worth(*[Interval(5, 4, 6)] * 3)] * 2)], None)
    with pytest.raises(InternalError, match="never degraded"):
        Robustness(100, 40, 50, 0.17, 0.005, [Hardiness("student", FORMS, step(0.0), [])])


@pytest.mark.parametrize(
    ("steps", "departs", "message"),
    [
        ([step(0.5, 0.1, -0.05)], None, "departs under noise at 0.5, not at None"),
        ([step(0.5)], 0.5, "departs under noise at None, not at 0.5"),
        ([step(0.5), step(0.5)], None, "do not rise"),
        ([step(0.0)], None, "do not rise"),
        ([step(1.5)], None, "at most 1"),
        ([replace(step(0.5), apart=None)], None, "for 2 forms"),
        ([replace(step(0.5), worth=step(0.5).worth[:1])], None, "1 figures for 2 forms"),
        ([replace(step(0.5), apart=step(0.5, 0.1).apart)], None, "change of recall of -0.1 contradicts its figures"),
    ],
)
def test_a_card_that_contradicts_itself_cannot_be(steps: list[Step], departs: float | None, message: str) -> None:
    with pytest.raises(InternalError, match=message):
        hardy(steps, departs)


@pytest.mark.parametrize("changes", [{"fakes": 100}, {"fakes": 0}, {"groups": 101}, {"prevalence": 1.0}])
def test_faces_that_tell_nothing_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InternalError, match="tell nothing"):
        replace(hardy([step(0.5)], None), **changes)


def test_a_share_of_flips_is_one() -> None:
    some = step(0.5)
    assert some.apart
    with pytest.raises(InternalError, match="not a share"):
        hardy([replace(some, apart=replace(some.apart, flips=1.2))], None)
