"""Bounds of `report compare --fail-on`."""

import pytest

from edgedf.errors import ConfigError
from edgedf.report.bounds import parse_bounds

FIGURES = ("p50", "f1")


def test_bounds_stand_between_commas() -> None:
    latency, worth = parse_bounds("p50>5%, f1 < -0.005", FIGURES)
    assert (latency.figure, latency.above, latency.limit) == ("p50", True, 0.05)
    assert (worth.figure, worth.above, worth.limit, worth.text) == ("f1", False, -0.005, "f1 < -0.005")
    assert parse_bounds("", FIGURES) == []


def test_the_limit_itself_holds() -> None:
    [bound] = parse_bounds("p50>5%", FIGURES)
    assert [bound.broken_by(one) for one in (-0.2, 0.05, 0.051)] == [False, False, True]
    [bound] = parse_bounds("f1<-.005", FIGURES)
    assert [bound.broken_by(one) for one in (0.1, -0.005, -0.0051)] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p50", "'p50' is not a bound"),
        ("p50>5 % more", "is not a bound"),
        ("p50>=5%", "is not a bound"),
        ("speed>5%", "no figure 'speed' to bound: choose from p50, f1"),
        ("p50<5%", "would fail where nothing changed"),
        ("f1>-0.005", "would fail where nothing changed"),
    ],
)
def test_what_is_no_bound_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_bounds(text, FIGURES)
