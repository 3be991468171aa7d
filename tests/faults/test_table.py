"""The table names tests that are there, and takes their counts."""

import re

from tests.faults.table import PAGE, ROOT, counted, named, node_ids

TABLE = """| promise | fault | user | test | tried | lost |
| --- | --- | --- | --- | --- | --- |
| a | b | c | `tests/x.py::test_kill[train-` `tests/y.py` | - | - |
| a | b | c | `tests/x.py::test_kill` | 7 | 7 |
"""


def test_every_test_that_it_names_is_there() -> None:
    names = named(PAGE.read_text())
    assert len(names) > 60
    for name in names:
        file, _, test = name.partition("::")
        text = (ROOT / file).read_text()
        assert not test or re.search(rf"^def {test.partition('[')[0]}\(", text, re.MULTILINE), name


def test_it_takes_the_counts_of_its_tests() -> None:
    counts = {
        "tests/x.py::test_kill[train-0]": {"passed": 1},
        "tests/x.py::test_kill[train-1]": {"failed": 1},
        "tests/x.py::test_kill[forge-0]": {"skipped": 1},
        "tests/x.py::test_kill_more": {"failed": 1},
        "tests/y.py::test_one": {"passed": 1, "error": 1},
    }
    rows = counted(TABLE, counts).splitlines()
    assert rows[2].endswith("| 4 | 2 |") and rows[3].endswith("| 2 | 1 |")
    assert rows[:2] == TABLE.splitlines()[:2]
    assert node_ids(TABLE) == ["tests/x.py::test_kill", "tests/y.py"]
