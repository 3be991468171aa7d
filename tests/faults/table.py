"""The promise table of RELIABILITY.md: which tests it names, and how often each was run and failed.

Run by `python -m tests.faults.table` it prints the tests; with a file of `pytest --counts` it puts their counts into
the last two cells of each row.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "RELIABILITY.md"
TEST = re.compile(r"`(tests/[\w/]+\.py(?:::[\w\[-]+)?)`")
ROW = re.compile(r"^\| .*\|$", re.MULTILINE)


def named(text: str) -> list[str]:
    """The tests of a page, each once; `::test_kill[train-` stands for all that begin so."""
    return list(dict.fromkeys(TEST.findall(text)))


def node_ids(text: str) -> list[str]:
    """What to give pytest, so that it runs the tests of a page."""
    return list(dict.fromkeys(name.partition("[")[0] for name in named(text)))


def counted(text: str, counts: Mapping[str, Mapping[str, int]]) -> str:
    """A page whose rows end with what was tried and what was lost by their tests."""

    def row(found: re.Match[str]) -> str:
        tests = TEST.findall(found[0])
        if not tests:
            return found[0]
        outcomes = list(_outcomes(tests, counts))
        lost = sum(one.get("failed", 0) + one.get("error", 0) for one in outcomes)
        tried = lost + sum(one.get("passed", 0) for one in outcomes)
        return "|".join([*found[0].split("|")[:-3], f" {tried} ", f" {lost} ", ""])

    return ROW.sub(row, text)


def _outcomes(tests: list[str], counts: Mapping[str, Mapping[str, int]]) -> Iterator[Mapping[str, int]]:
    """Of each test that is one of these, or of their cases."""
    for node, outcomes in counts.items():
        if any(_is_of(node, test) for test in tests):
            yield outcomes


def _is_of(node: str, test: str) -> bool:
    return node == test or node.startswith(test if "[" in test else (f"{test}[", f"{test}::"))


def main(words: list[str]) -> None:
    """See the module."""
    text = PAGE.read_text()
    if words:
        PAGE.write_text(counted(text, json.loads(Path(words[0]).read_text())))
    else:
        print(*node_ids(text))


if __name__ == "__main__":
    main(sys.argv[1:])
