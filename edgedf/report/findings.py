"""What checks of a dataset found, as one HTML page with the pictures beside the numbers."""

import html
from collections.abc import Sequence
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
    """A picture, embedded.

    Attributes:
        uri: Its bytes as a `data:` URI.
        caption: What stands below it.
    """

    uri: str
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


def findings_page(title: str, verdict: str, findings: Sequence[Finding]) -> str:
    """The whole page: a verdict, an overview, a section for each finding."""
    overview = table(
        ("check", "", "found"),
        ([html.escape(one.title), _state(one.state), html.escape(one.summary)] for one in findings),
    )
    return document(
        title,
        [
            element("p", html.escape(verdict), class_="finding"),
            f'<section class="overview">{overview}</section>\n',
            *map(_section, findings),
            f"<footer>{html.escape(LOCAL)}</footer>\n",
        ],
    )


def _state(state: State) -> str:
    return element("span", state, class_=f"state {state}")


def _section(finding: Finding) -> str:
    rows = [[html.escape(cell) for cell in row] for row in finding.rows]
    parts = [
        f"<p>{_state(finding.state)} {html.escape(finding.summary)}</p>",
        f"<figure>{finding.figure}</figure>" if finding.figure else "",
        table(finding.header, rows) if rows else "",
        f'<div class="exhibits">{"".join(map(_exhibit, finding.exhibits))}</div>' if finding.exhibits else "",
    ]
    return section(finding.title, finding.about, "".join(parts))


def _exhibit(exhibit: Exhibit) -> str:
    shots = "".join(
        f'<figure><img src="{html.escape(shot.uri)}" alt=""><figcaption>{html.escape(shot.caption)}</figcaption></figure>'
        for shot in exhibit.shots
    )
    return f'<div class="exhibit"><p>{html.escape(exhibit.caption)}</p><div>{shots}</div></div>'
