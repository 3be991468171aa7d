"""The picture of what a loss buys."""

import xml.etree.ElementTree as ElementTree

from edgedf.report.pareto import Panel, Point, front, pareto

STEPS = [
    Point(2.0, 0.03, "0"),
    Point(2.2, 0.012, "1"),
    Point(2.6, 0.02, "2"),
    Point(2.6, 0.008, "4"),
    Point(3.0, 0.0, "9"),
]


def test_the_front_leaves_out_what_another_beats_in_both() -> None:
    assert [one.name for one in front(list(reversed(STEPS)))] == ["0", "1", "4", "9"]
    assert front(STEPS[:1]) == STEPS[:1]


def test_every_point_and_the_bound_are_drawn() -> None:
    text = pareto([Panel("a & b", "ms", STEPS), Panel("other", "%", STEPS[:1])], "flips", 0.01)
    drawn = ElementTree.fromstring(text)
    names = [one.text for one in drawn.iter() if one.get("class") == "figures"]
    assert names == [one.name for one in [*STEPS, STEPS[0]]]
    assert text.count("bound 1.00%") == 2
    lines = [one for one in drawn.iter() if one.get("class") == "bar thin"]
    assert len(lines) == 3
