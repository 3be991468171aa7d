"""How many moments a command is killed at, and where the counts go."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.trials import draw_inputs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--moments", type=int, default=1, help="at which each command of test_kill.py is killed")
    parser.addoption("--counts", metavar="FILE", help="JSON of passed and failed tests, for RELIABILITY.md")


def pytest_sessionfinish(session: pytest.Session) -> None:
    file = session.config.getoption("--counts", None)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not file or reporter is None:
        return
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in reporter.stats.get(outcome, []):
            counts.setdefault(report.nodeid, Counter())[outcome] += 1
    Path(file).write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n")


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("inputs")
    draw_inputs(root)
    return root
