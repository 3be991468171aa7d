"""A comparison of two reports as Markdown."""

from edgedf.markdown import table
from edgedf.report.compare import DIFFERENCES, Change, Comparison


def markdown(found: Comparison, old: str, new: str) -> str:
    """A comparison of two named reports as Markdown."""
    rows = ((one.model, one.figure, *_cells(one), one.verdict, one.why) for one in found.changes)
    parts = [
        f"# {old} → {new}",
        table(("model", "figure", "old", "new", "change", "verdict", ""), rows),
        "p50 is in ms and of all calls, its change of the rounds that nothing disturbed; size is in MB.",
        "\n".join(f"* {line}" for line in found.surroundings),
        "\n".join(f"* {name} is gone" for name in found.gone),
        "\n".join(f"* {name} is new" for name in found.fresh),
        "\n".join(f"* **broken**: {line}" for line in found.broken),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cells(one: Change) -> tuple[str, str, str]:
    form = ".4f" if one.figure in DIFFERENCES else ".3f"
    return f"{one.old:{form}}", f"{one.new:{form}}", str(one)
