"""What a preparation did, in numbers and in words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from edgedf import console
from edgedf.data.dataset import LABELS, SPLITS
from edgedf.data.prepare.outcome import Outcome
from edgedf.data.prepare.settings import Settings

TOLD = 5  # failures that are named

Failed = Sequence[tuple[str, str]]
"""Path and problem of each."""


def summary(
    columns: dict[str, list[str]], outcomes: Iterable[Outcome], failed: Failed, settings: Settings
) -> dict[str, Any]:
    """Counts, as JSON-able values."""
    seconds, left_out = defaultdict[str, float](float), Counter[str]()
    for outcome in outcomes:
        for stage, spent in outcome.seconds.items():
            seconds[stage] += spent
        left_out.update(outcome.left_out)
    cells = Counter(zip(columns["split"], columns["label"], strict=True))
    return {
        "faces": len(columns["path"]),
        "groups": len(set(columns["group"])),
        "splits": {split: {label: cells[split, label] for label in LABELS} for split in SPLITS},
        "failures": len(failed),
        "left_out": dict(sorted(left_out.items())),
        "crops": f"JPEG of quality {settings.quality}" if settings.quality else "PNG",
        "seconds": {stage: round(spent, 2) for stage, spent in sorted(seconds.items())},
    }


def tell(result: dict[str, Any], failed: Failed, out: Path) -> None:
    """Says it to people."""
    rows = [[split, *counts.values()] for split, counts in result["splits"].items()]
    console.say(console.table(["split", *LABELS], rows))
    console.say(f"{result['faces']} faces of {result['groups']} groups in {out}, {result['crops']}")
    if result["left_out"]:
        reasons = ", ".join(f"{count} too {what}" for what, count in result["left_out"].items())
        console.say(f"left out: {reasons} (--min-px, --min-sharpness)")
    total = sum(result["seconds"].values())
    shares = ", ".join(f"{stage} {spent / max(total, 1e-9):.0%}" for stage, spent in result["seconds"].items())
    console.say(f"{total:.0f} s of work: {shares}")
    if failed:
        console.say(f"{len(failed)} sources failed, all listed in {out / 'failed.csv'}:")
        for path, problem in failed[:TOLD]:
            console.say(f"  {path}: {problem}")
    console.say(f"look at {out / 'contact_sheet.png'}")
