"""The gate's findings: a table for a terminal, and the blocks of a page."""

from collections.abc import Sequence

from edgedf.deploy.bounds import Part
from edgedf.deploy.gate import Gate
from edgedf.deploy.judging import Judged
from edgedf.deploy.mixed import Ranking, Step

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
STEPS = [
    "layers in floating point",
    "flips",
    "change of F1",
    "change of recall",
    "mean change of score",
    "p50 ms",
    "multiply-accumulates in INT8",
    "gate",
]

Block = str | tuple[list[str], list[list[str]]]  # a paragraph, or the header and the rows of a table


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


def gate_page(judged: Sequence[Judged], rankings: Sequence[Ranking]) -> list[Block]:
    """The page: the table, why an artefact did not simply pass, its layers, and each method and group."""
    of = {one.file: one for one in rankings}
    blocks: list[Block] = ["# Export gate", gate_rows(judged)]
    for one in judged:
        if one.gate is not None:
            blocks.append(f"## {one.built.file}: {one.gate.verdict}")
            blocks += _reasons(one.gate)
            blocks += _layers(of[one.built.file]) if one.built.file in of else []
            blocks += _parts(one.gate)
    return blocks


def _reasons(gate: Gate) -> list[Block]:
    return ["\n".join(f"* {reason}" for reason in gate.reasons)] if gate.reasons else []


def _parts(gate: Gate) -> list[Block]:
    return [
        ([kind, "fakes", "recall", "change", "flips"], [_part(part) for part in parts])
        for kind, parts in (("method", gate.methods), ("group", gate.groups))
        if parts
    ]


def _part(part: Part) -> list[str]:
    return [part.name, str(part.fakes), f"{part.recall:.3f}", str(part.change), f"{part.flips:.2%}"]


def _layers(ranking: Ranking) -> list[Block]:
    """Which layers are to blame, and what it takes to leave them in floating point."""
    rows = [
        [one.layer, f"{one.change:.2g}", "float" if place < (ranking.chosen or 0) else "INT8"]
        for place, one in enumerate(ranking.effects)
    ]
    about = "Layers to blame, the worst first, by the mean change of the score when INT8 is in that layer alone:"
    blocks: list[Block] = [about, (["layer", "mean change of score", "is in"], rows)]
    if ranking.steps:
        blocks += [
            "Layers left in floating point, from the worst on, as tried (latency of one face on one thread):",
            (STEPS, [_step(step) for step in ranking.steps]),
        ]
    return blocks


def _step(step: Step) -> list[str]:
    gate = step.judged.gate
    speed = ["" if step.latency_ms is None else f"{step.latency_ms:.2f}", f"{step.share:.1%}"]
    if gate is None:
        return [str(step.layers), "", "", "", "", *speed, "reference"]
    found = [f"{gate.flips:.2%}", str(gate.f1), str(gate.recall), f"{gate.mean:.4f}"]
    return [str(step.layers), *found, *speed, gate.verdict]
