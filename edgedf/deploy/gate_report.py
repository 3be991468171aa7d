"""The gate's findings as a table for a terminal and as a page of Markdown."""

from collections.abc import Sequence
from pathlib import Path

from edgedf.deploy.gate import Gate, Part
from edgedf.deploy.judging import Judged
from edgedf.files import write_text

HEADER = [
    "artefact",
    "F1",
    "recall",
    "change of F1",
    "change of recall",
    "AUC",
    "ECE",
    "flips",
    "largest",
    "mean",
    "gate",
]


def gate_rows(judged: Sequence[Judged]) -> tuple[list[str], list[list[str]]]:
    """Header and a row for each artefact that was measured."""
    return HEADER, [_row(one) for one in judged if one.point.evaluation]


def _row(judged: Judged) -> list[str]:
    found, gate = judged.point.evaluation, judged.gate
    assert found is not None
    own = [judged.built.file, f"{found.f1.value:.4f}", f"{found.recall.value:.4f}"]
    score = [f"{found.auc.value:.4f}", f"{found.ece.value:.3f}"]
    if gate is None:
        return [*own, "", "", *score, "", "", "", "reference"]
    moved = [f"{gate.flips:.2%}", f"{gate.largest:.3f}", f"{gate.mean:.4f}"]
    verdict = gate.verdict + (", simulated, pending device" if judged.simulated else "")
    return [*own, str(gate.f1), str(gate.recall), *score, *moved, verdict]


def write_gate(judged: Sequence[Judged], file: Path) -> None:
    """Writes the page: the table, why an artefact did not simply pass, and each method and group."""
    header, rows = gate_rows(judged)
    lines = ["# Export gate", "", *_markdown(header, rows)]
    for one in judged:
        if one.gate is not None:
            lines += ["", f"## {one.built.file}: {one.gate.verdict}", "", *_details(one.gate)]
    write_text(file, "\n".join(lines) + "\n")


def _details(gate: Gate) -> list[str]:
    lines = [f"* {reason}" for reason in gate.reasons]
    for kind, parts in (("method", gate.methods), ("group", gate.groups)):
        if parts:
            header = [kind, "fakes", "recall", "change", "flips"]
            lines += ["", *_markdown(header, [_part(part) for part in parts])]
    return lines


def _part(part: Part) -> list[str]:
    return [part.name, str(part.fakes), f"{part.recall:.3f}", str(part.change), f"{part.flips:.2%}"]


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
