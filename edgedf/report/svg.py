"""The few parts of SVG that the plots need; colours and fonts come from the page's style sheet."""

import html
import math
from dataclasses import dataclass


def element(tag: str, *children: str, **attributes: object) -> str:
    """One element of children that are SVG already; `class_` becomes class, `stroke_width` stroke-width."""
    parts = [f' {name.rstrip("_").replace("_", "-")}="{_text(value)}"' for name, value in attributes.items()]
    return f"<{tag}{''.join(parts)}>{''.join(children)}</{tag}>"


def _text(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else html.escape(str(value))


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """Words at a place."""
    return element("text", html.escape(words), x=float(x), y=float(y), **attributes)


def tooltip(words: str) -> str:
    """What a pointer over the enclosing element shows."""
    return element("title", html.escape(words))


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def marker(x: float, y: float, series: int, radius: float = 7.0) -> str:
    """A series' mark: its shape tells it apart without its colour."""
    r = radius
    paths = (
        f"M{-r},0a{r},{r} 0 1,0 {2 * r},0a{r},{r} 0 1,0 {-2 * r},0",
        f"M{-r},{-r}H{r}V{r}H{-r}Z",
        f"M0,{-1.3 * r}L{1.3 * r},0L0,{1.3 * r}L{-1.3 * r},0Z",
        f"M0,{-1.2 * r}L{1.2 * r},{r}H{-1.2 * r}Z",
        f"M0,{1.2 * r}L{1.2 * r},{-r}H{-1.2 * r}Z",
    )
    path = paths[series % len(paths)]
    return element("path", d=path, class_="mark", transform=f"translate({x:.1f},{y:.1f})")


def picture(width: float, height: float, title: str, description: str, *content: str) -> str:
    """A whole drawing that scales with the page and that screen readers can announce."""
    return element(
        "svg",
        tooltip(title),
        element("desc", html.escape(description)),
        *content,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )


@dataclass(frozen=True)
class Scale:
    """Maps [low, high] to the pixels [start, end], by logarithm if `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Pixel of a value."""
        low, high, at = map(math.log, (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values inside the range: 1, 2, 5 of each decade, or about five even steps."""
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            values = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
            return [value for value in values if self.low <= value <= self.high]
        step = nice_step((self.high - self.low) / 5)
        first = math.ceil(self.low / step - 1e-9)
        return [count * step for count in range(first, math.floor(self.high / step + 1e-9) + 1)]


def nice_step(rough: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is at least `rough`."""
    decade = 10.0 ** math.floor(math.log10(rough))
    return next(digit * decade for digit in (1, 2, 5, 10) if digit * decade >= rough * (1 - 1e-9))
