"""Scales and elements."""

import pytest

from edgedf.report.svg import Scale, element, nice_step, text


def test_linear_scale_goes_from_end_to_end() -> None:
    scale = Scale(0.5, 1.0, 400, 20)
    assert (scale(0.5), scale(1.0), scale(0.75)) == (400, 20, 210)


def test_logarithmic_scale_gives_equal_factors_equal_room() -> None:
    scale = Scale(1, 100, 0, 200, log=True)
    assert scale(10) == pytest.approx(100)
    assert scale(20) - scale(10) == pytest.approx(scale(2) - scale(1))


def test_ticks_are_round_and_inside() -> None:
    assert Scale(0.62, 0.91, 0, 1).ticks() == pytest.approx([0.7, 0.8, 0.9])
    assert Scale(0.7, 30, 0, 1, log=True).ticks() == pytest.approx([1, 2, 5, 10, 20])


@pytest.mark.parametrize("rough", [1e-4, 0.013, 0.5, 3, 9.9, 70])
def test_a_nice_step_is_one_two_or_five(rough: float) -> None:
    step = nice_step(rough)
    assert f"{step:e}"[0] in "125"
    assert rough <= step * (1 + 1e-9) < 2.6 * rough


def test_words_and_attributes_are_escaped() -> None:
    assert "<b>" not in text(0, 0, "<b>")
    assert element("g", class_='"x"', stroke_width=1.25) == '<g class="&quot;x&quot;" stroke-width="1.2"></g>'
