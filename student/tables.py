"""The published tables, from the records that `benchmarks/record.py` made: `python student/tables.py`.

Every figure of a table is in a record; a difference is between scores of the same faces.
"""

from pathlib import Path

from edgedf.console import say
from edgedf.guard import run_alone
from edgedf.report.record_tables import tables
from edgedf.report.records import read_records

RESULTS = Path(__file__).parent / "results"


def main(results: Path = RESULTS) -> dict[str, str]:
    """Prints the tables as Markdown and returns them.

    Args:
        results: Folder of records.
    """
    text = tables(read_records(results))
    say(text)
    return {"markdown": text}


if __name__ == "__main__":
    run_alone(main)
