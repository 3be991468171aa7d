"""Explained verdicts as one HTML page."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgedf.report.html import document, section
from edgedf.report.svg import Scale, element, line, picture, text, tooltip

ABOUT = (
    "Occlusion: what the logit loses where a patch is blurred. Attention: what the model weighs its own features by. "
    "Bars: what the logit loses for the verdict without a band of frequencies (cycles a crop); left of the line, the "
    "band speaks against it. An explanation tells what moved this model, not what is true of the picture; "
    "edgedf explanations measures how far it can be believed."
)
LOCAL = "The pictures on this page are your own. Keep the page where they may be."
NAMES, ROW, WIDTH = 120, 22, 560


@dataclass(frozen=True)
class Explained:
    """One verdict to be shown.

    Attributes:
        title: What was judged.
        sentence: The explanation in words.
        pictures: `data:` URIs by caption.
        bands: See `edgedf.explain.explanation.Explanation`.
    """

    title: str
    sentence: str
    pictures: Mapping[str, str]
    bands: Mapping[str, float]


def explanations_page(model: str, faces: Sequence[Explained], notes: Sequence[str]) -> str:
    """The whole page: a section for each face."""
    return document(
        f"Where {model} looked",
        [
            element("p", html.escape(ABOUT), class_="about"),
            *(element("p", html.escape(note), class_="finding") for note in notes),
            *(section(one.title, one.sentence, _pictures(one.pictures) + _bars(one.bands)) for one in faces),
            f"<footer>{html.escape(LOCAL)}</footer>\n",
        ],
    )


def _pictures(found: Mapping[str, str]) -> str:
    shots = [
        element("figure", element("img", src=source, alt=""), element("figcaption", html.escape(name)))
        for name, source in found.items()
    ]
    return element("div", element("div", *shots, class_="large"), class_="exhibit")


def _bars(found: Mapping[str, float]) -> str:
    """A bar for each band, all from one line."""
    height = ROW * len(found)
    x = Scale(min(0.0, *found.values()), max(1e-6, *found.values()), NAMES, WIDTH - 70)
    parts = []
    for row, (name, loss) in enumerate(found.items()):
        y = ROW * (row + 0.5)
        bar = line(x(0), y, x(loss), y, class_="bar", style="stroke-width:10;stroke-linecap:butt")
        words = [
            text(NAMES - 12, y + 4, name, class_="tick end"),
            text(WIDTH - 60, y + 4, f"{loss:.2f}", class_="tick"),
        ]
        parts.append(element("g", tooltip(f"{name}: {loss:.3f}"), bar, *words, class_="series s0"))
    axis = line(x(0), 0, x(0), height, class_="axis")
    drawing = picture(WIDTH, height, "What the logit loses without each band", "Values stand beside it.", *parts, axis)
    return element("figure", drawing, style=f"max-width:{WIDTH}px;margin-top:12px")
