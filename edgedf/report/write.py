"""Writes a report as JSON, Markdown and HTML."""

import json
from pathlib import Path

from edgedf.files import write_text
from edgedf.report.html import page
from edgedf.report.markdown import markdown
from edgedf.report.results import Report


def write_report(report: Report, folder: Path) -> dict[str, Path]:
    """Writes `report.json`, `report.md` and `report.html`; gives their paths by format."""
    texts = {
        "json": json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n",
        "md": markdown(report),
        "html": page(report),
    }
    for form, text in texts.items():
        write_text(folder / f"report.{form}", text)
    return {form: folder / f"report.{form}" for form in texts}
