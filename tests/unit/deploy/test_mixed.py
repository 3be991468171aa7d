"""Layers left in floating point: what is tried, and what each attempt is worth."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edgedf.data.packed import PackedFaces
from edgedf.deploy.bounds import Bounds
from edgedf.deploy.calibration import Sample, record
from edgedf.deploy.cost import multiply_accumulates
from edgedf.deploy.gate_report import gate_page
from edgedf.deploy.judging import Judge
from edgedf.deploy.layers import layer_names
from edgedf.deploy.mixed import Ranking, leave_float
from edgedf.deploy.sensitivity import Effect
from edgedf.deploy.source import Source
from edgedf.deploy.targets import TARGETS

FACES = 64


@pytest.fixture
def judge(tiny_graph: bytes, noise: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Judge:
    monkeypatch.setattr("edgedf.deploy.mixed.ROUNDS", 1)
    count = np.arange(FACES)
    faces = PackedFaces(
        pixels=noise[count % len(noise)],
        labels=(count % 2).astype(np.uint8),
        groups=[f"g{i // 2 % 8}" for i in count],
        methods=["swap" if i % 2 else "" for i in count],
        paths=[""] * FACES,
        digests=[""] * FACES,
        originals=count,
        sources=np.zeros(FACES, np.int64),
        fingerprints=("made",),
    )
    return Judge(Source("tiny", tiny_graph, {}, {}, 0.5, 1.0, "f1", None), faces, Bounds(flips=-1))


@pytest.mark.parametrize(("target", "simulated"), [("onnx", False), ("tensorrt", True)])
def test_every_attempt_is_measured(
    judge: Judge, tiny_graph: bytes, noise: NDArray[np.uint8], tmp_path: Path, target: str, simulated: bool
) -> None:
    seen = record(tiny_graph, Sample(noise, 0, ["made"], "made"), tmp_path).of("minmax")
    ranked = [Effect(name, 0.1 / (place + 1)) for place, name in enumerate(layer_names(tiny_graph))]
    whole, build, _ = TARGETS[target]
    none, every = judge.artefact(build(tiny_graph, seen, ())), judge.artefact(whole(tiny_graph))
    found = leave_float(judge, lambda layers: build(tiny_graph, seen, layers), ranked, none, every)
    assert [step.layers for step in found.steps] == [0, 1, 2, 3] and found.chosen is None
    assert (found.steps[0].judged, found.steps[3].judged) == (none, every)
    work = multiply_accumulates(tiny_graph)
    left = sum(work[name] for name in layer_names(tiny_graph)[1:])
    assert found.steps[1].share == left / sum(work.values()) and found.steps[3].share == 0
    assert [step.latency_ms is None for step in found.steps] == [simulated] * 4
    means = [step.judged.gate.mean for step in found.steps if step.judged.gate is not None]
    assert len(means) == 4 and means[0] > means[3]
    tables = [block for block in gate_page([none], [found]) if isinstance(block, tuple)]
    assert [row[0] for row in tables[1][1]] == [effect.layer for effect in ranked]
    assert [row[0] for row in tables[2][1]] == ["0", "1", "2", "3"]


def test_the_fewest_that_pass_are_chosen(judge: Judge, tiny_graph: bytes, noise: NDArray[np.uint8]) -> None:
    """Here an artefact with fewer than two layers in floating point says the opposite."""
    judge.bounds = Bounds(drop=1)
    model = onnx.load_from_string(tiny_graph)
    (head,) = (one for one in model.graph.initializer if one.name == "model.head.weight")
    head.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(head), head.name))
    graphs = [model.SerializeToString()] * 2 + [tiny_graph] * 3
    none, *_, every = (judge.artefact(TARGETS["onnx"].whole(graph)) for graph in graphs)
    ranked = [Effect(name, 0.0) for name in [*layer_names(tiny_graph), "node_conv2d"]]
    found = leave_float(judge, lambda layers: TARGETS["onnx"].whole(graphs[len(layers)]), ranked, none, every)
    assert found.chosen == 2
    assert [bool(step.judged.gate) for step in found.steps] == [False, False, True, True]
    assert [step.layers for step in found.steps] == [0, 1, 2, 4]


def test_multiply_accumulates_are_those_of_the_layers(tiny_graph: bytes) -> None:
    """The stem gives 32 x 32 places, the two of the branch too, the last and the attention 16 x 16, the head one."""
    stem, branch, last, thin = 3 * 64 * 16 * 32**2, 16 * 9 * 16 * 32**2, 16 * 9 * 32 * 16**2, 32 * 16**2
    assert sorted(multiply_accumulates(tiny_graph).values()) == sorted([stem, branch, branch, last, thin, 32])


def test_a_page_without_a_search_still_names_the_layers(judge: Judge) -> None:
    reference = judge.artefact(TARGETS["onnx"].whole(judge.source.graph))
    page = gate_page([reference], [Ranking(reference.built.file, [Effect("stem", 0.25), Effect("last", 0.00125)])])
    assert (
        ["layer", "mean change of score", "is in"],
        [["stem", "0.25", "INT8"], ["last", "0.0013", "INT8"]],
    ) in page
