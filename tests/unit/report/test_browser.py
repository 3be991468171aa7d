"""The report in a real browser: shown in light and dark, small and large, and printed."""

import re
from pathlib import Path

from edgedf.report import Report, write_report
from tests.chromium import chromium

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
GROUND = "getComputedStyle(document.body).backgroundColor"
CUT = """[...document.querySelectorAll("table, svg")].filter(one => {
    const box = one.closest("figure, .table, div, section") || one;
    return one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(box).overflowX === "visible";
}).length"""


def test_the_page_loads_nothing_and_complains_of_nothing(report: Report, tmp_path: Path) -> None:
    url = write_report(report, tmp_path / "report")["html"].resolve().as_uri()
    with chromium(tmp_path / "profile") as tab:
        tab.resize(1200, 900)
        tab.open(url)
        tab.wait_for("document.readyState === 'complete' && document.querySelector('svg') !== null")
        light = tab.value(GROUND)
        for width in (1200, 700, 400):
            tab.resize(width, 900, dark=True)
            assert tab.value(WIDER) <= 0 and tab.value(CUT) == 0, f"cut off at {width} pixels"
        assert tab.value(GROUND) != light
        tab.screenshot(tmp_path / "report.png")
        printed = tab.pdf()
        pictures = "[...document.querySelectorAll('svg:not([aria-hidden])')]"
        assert tab.value(f"{pictures}.length") and tab.value(
            f"{pictures}.every(one => one.querySelector('title, desc'))"
        )
        assert (tab.requests, tab.complaints) == ([url], [])
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8
