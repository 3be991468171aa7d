"""What checks of a dataset found, as one HTML page with the pictures beside the numbers."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from edgedf.report.html import document, section, table
from edgedf.report.svg import element

LOCAL = (
    "The pictures on this page are of the dataset. Keep the page where the dataset may be: faces must not be published "
    "without permission."
)


class State(StrEnum):
    """How bad a finding is."""

    FINE = "fine"
    LOOK = "look"
    LEAK = "leak"


@dataclass(frozen=True)
class Shot:
    """A picture to be shown.

    Attributes:
        index: Its number, which the page's maker asks for the picture by.
        caption: What stands below it.
    """

    index: int
    caption: str


@dataclass(frozen=True)
class Exhibit:
    """Pictures to be seen side by side."""

    caption: str
    shots: Sequence[Shot]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        title: Of the check.
        state: How bad it is.
        summary: What was found, in a sentence.
        about: How it was looked for, and what it means.
        header: Of the table; empty for none.
        rows: Of the table, as text.
        figure: A drawing (SVG).
        exhibits: Pictures.
    """

    title: str
    state: State
    summary: str
    about: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    figure: str = ""
    exhibits: Sequence[Exhibit] = field(default_factory=list)


def overall(findings: Sequence[Finding]) -> str:
    """All of them in a sentence."""
    leaks = [one.title for one in findings if one.state is State.LEAK]
    looks = [one.title for one in findings if one.state is State.LOOK]
    if leaks:
        return f"a leak: {', '.join(leaks)}"
    return f"no leak; to look at: {', '.join(looks)}" if looks else "no leak"


def findings_page(title: str, verdict: str, findings: Sequence[Finding], uri: Callable[[int], str]) -> str:
    """The whole page: a verdict, an overview, a section for each finding.

    Args:
        title: Of the page.
        verdict: A sentence at its top.
        findings: In the order to show them.
        uri: Gives a picture, by its number, as a `data:` URI.
    """
    overview = table(
        ("check", "", "found"),
        ([html.escape(one.title), _state(one.state), html.escape(one.summary)] for one in findings),
    )
    return document(
        title,
        [
            element("p", html.escape(verdict), class_="finding"),
            f'<section class="overview">{overview}</section>\n',
            *(_section(one, uri) for one in findings),
            f"<footer>{html.escape(LOCAL)}</footer>\n",
        ],
    )


def _state(state: State) -> str:
    return element("span", state, class_=f"state {state}")


def _section(finding: Finding, uri: Callable[[int], str]) -> str:
    rows = [[html.escape(cell) for cell in row] for row in finding.rows]
    parts = [
        f"<p>{_state(finding.state)} {html.escape(finding.summary)}</p>",
        f"<figure>{finding.figure}</figure>" if finding.figure else "",
        table(finding.header, rows) if rows else "",
        element("div", *(_exhibit(one, uri) for one in finding.exhibits), class_="exhibits"),
    ]
    return section(finding.title, finding.about, "".join(parts))


def _exhibit(exhibit: Exhibit, uri: Callable[[int], str]) -> str:
    shots = [
        element(
            "figure",
            element("img", src=uri(shot.index), alt=""),
            element("figcaption", html.escape(shot.caption)),
        )
        for shot in exhibit.shots
    ]
    return element("div", element("p", html.escape(exhibit.caption)), element("div", *shots), class_="exhibit")
