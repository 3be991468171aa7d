"""Reads reports, of this version and older ones."""

import json
from pathlib import Path
from typing import Any

from edgedf import strict_json
from edgedf.errors import InputError, first_line
from edgedf.files import read_whole
from edgedf.report.json_schema import schema
from edgedf.report.results import SCHEMA, Report
from edgedf.typed import read

MOST = 64 << 20  # bytes; a report of ten models in depth has one million


def read_report(path: Path) -> Report:
    """Reads a `report.json`; what an older edgedf did not measure is None or empty.

    Raises:
        InputError: It cannot be read, is no report, is of a newer edgedf, or contradicts itself.
    """
    try:
        values = strict_json.loads(read_whole(path, MOST))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as a report: {first_line(error)}") from error
    version = values.pop("schema", None) if isinstance(values, dict) else None
    if type(version) is not int or version < 1:
        raise InputError(f"{path} is not a report: give a report.json of  edgedf benchmark")
    if version > SCHEMA:
        raise InputError(
            f"{path} is of a newer edgedf (schema {version}, this one knows up to {SCHEMA}): update edgedf"
        )
    try:
        return read(Report, values, "report")
    except InputError as error:
        raise InputError(f"{path} is not a usable report: {error}") from error


def report_schema() -> dict[str, Any]:
    """JSON Schema of `report.json`: the content of `edgedf/report/schema/report-2.json`."""
    found = schema(Report)
    version = {"const": SCHEMA, "description": "Version of this layout."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "report.json of edgedf benchmark",
        **found,
        "properties": {"schema": version, **found["properties"]},
        "required": ["schema", *found["required"]],
    }


if __name__ == "__main__":
    print(json.dumps(report_schema(), indent=2))
