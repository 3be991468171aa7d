"""Bounds on what may become worse from one report to the next: `p50>5%, f1<-0.005`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from edgedf.errors import ConfigError

FORM = re.compile(r"\s*(\w+)\s*([<>])\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(%?)\s*")


class Bound(NamedTuple):
    """A bound on one figure.

    Attributes:
        figure: Name of the figure.
        above: Whether it is broken above the limit, or else below.
        limit: A share of the old value, or the difference to it, as the figure has it.
        text: As the user wrote it.
    """

    figure: str
    above: bool
    limit: float
    text: str

    def broken_by(self, change: float) -> bool:
        """Whether a change breaks it."""
        return change > self.limit if self.above else change < self.limit


def parse_bounds(text: str, figures: Sequence[str]) -> list[Bound]:
    """Reads bounds that stand between commas.

    Args:
        text: For instance `p50>5%, f1<-0.005`; nothing gives none.
        figures: The names there are.

    Raises:
        ConfigError: One is no bound, is of an unknown figure, or would be broken by no change at all.
    """
    return [_bound(one, figures) for one in text.split(",") if one.strip()]


def _bound(text: str, figures: Sequence[str]) -> Bound:
    if not (match := FORM.fullmatch(text)):
        raise ConfigError(f"{text.strip()!r} is not a bound: write one like p50>5% or f1<-0.005")
    figure, sign, number, percent = match.groups()
    if figure not in figures:
        raise ConfigError(f"there is no figure {figure!r} to bound: choose from {', '.join(figures)}")
    bound = Bound(figure, sign == ">", float(number) / (100 if percent else 1), text.strip())
    if bound.broken_by(0.0):
        raise ConfigError(f"{bound.text} would fail where nothing changed: turn the sign or the number round")
    return bound
