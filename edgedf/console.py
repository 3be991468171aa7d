"""What a person reads while a command works, and what a machine reads at its end.

Human text goes to standard output. In JSON mode it goes to standard error instead, and standard output
carries the result as JSON, one object a line.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, TextIO, TypeVar

T = TypeVar("T")

PLAIN_LINE_EVERY_S = 10.0

_json_mode = False


def use_json(on: bool) -> None:
    """Switches JSON mode on or off for this process."""
    global _json_mode
    _json_mode = on


def stream() -> TextIO:
    """Where human text goes at present."""
    return sys.stderr if _json_mode else sys.stdout


def say(text: str = "") -> None:
    """Prints human text."""
    print(text, file=stream(), flush=True)


def emit(result: Mapping[str, Any]) -> None:
    """Prints one JSON line on standard output in JSON mode; nothing otherwise."""
    if _json_mode:
        print(json.dumps(result), flush=True)


def progress(items: Iterable[T], description: str | Callable[[], str], total: int | None = None) -> Iterator[T]:
    """Passes items on and shows how far it is: a bar on a terminal, a line now and then elsewhere.

    Args:
        items: What to go through.
        description: A few words, such as "packing", or what tells them anew each time.
        total: How many items there are; by default their length, where they have one.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    show = _bar if stream().isatty() else _lines
    return show(items, description if callable(description) else lambda: description, total)


def _bar(items: Iterable[T], describe: Callable[[], str], total: int | None) -> Iterator[T]:
    from rich.console import Console  # rich takes longer to import than many commands to run
    from rich.progress import Progress

    with Progress(console=Console(file=stream()), transient=True) as bar:
        task = bar.add_task(describe(), total=total)
        for item in items:
            yield item
            bar.update(task, advance=1, description=describe())


def _lines(items: Iterable[T], describe: Callable[[], str], total: int | None) -> Iterator[T]:
    of_total = "" if total is None else f"/{total}"
    start = said = time.monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        if (now := time.monotonic()) - said >= PLAIN_LINE_EVERY_S:
            said = now
            left = "" if total is None else f", {(now - start) * (total - done) / done:.0f} s left"
            say(f"{describe()}: {done}{of_total}, {now - start:.0f} s{left}")
    if said > start:
        say(f"{describe()}: {done} in {time.monotonic() - start:.0f} s")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A text table: first column to the left, the others to the right.

    >>> print(table(["model", "F1"], [["teacher", ".91"], ["student", ".9"]]))
    model     F1
    teacher  .91
    student   .9
    """
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join([first.ljust(widths[0]), *(map(str.rjust, others, widths[1:]))]) for first, *others in cells)
    return "\n".join(lines)
