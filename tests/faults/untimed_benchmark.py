"""The command line with a benchmark that times nothing: what it judges is what a kill could cost."""

from collections.abc import Callable
from typing import Any

from edgedf.cli import main
from edgedf.programs import load
from edgedf.runtime.timing import Latency, measure


def few(calls: dict[str, Callable[[], object]], **_: object) -> dict[str, Latency]:
    """Two calls of each."""
    return measure(calls, rounds=2, turn_s=0.0, warm_up=1)


def nothing(found: list[Any], threads: int) -> list[dict[str, Any]]:
    """No further figure of any model."""
    return [{} for _ in found]


if __name__ == "__main__":
    program: Any = load("benchmarks/benchmark.py")
    program.measure, program._more, program._deep = few, nothing, nothing
    program._robustness = lambda *_: None
    main()
