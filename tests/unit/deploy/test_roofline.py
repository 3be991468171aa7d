"""A roofline of the shipped student; how fast this machine is, is no matter of a test."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgedf.bundle import Bundle, open_bundle, write_bundle
from edgedf.deploy.cost import layer_costs
from edgedf.deploy.roofline import artefact_roofline
from edgedf.deploy.targets import TARGETS
from edgedf.errors import InputError, UnavailableError
from edgedf.files import sha256
from edgedf.shipped import DEFAULT_STUDENT


@pytest.fixture(autouse=True)
def _small_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgedf.deploy.peak.COPIES", (1 << 19, 1 << 20))


def test_the_shipped_student_has_a_roofline() -> None:
    bundle = open_bundle(DEFAULT_STUDENT)
    [artefact] = [one for one in bundle.manifest.artefacts if one.precision == "int8"]
    found = artefact_roofline(bundle, artefact, rounds=1)
    assert found.peak.gmac_s.keys() == {"int8", "f32"}
    assert 0 < found.attainable_ms < 100 * found.latency_ms_p50
    assert [one.name for one in found.stages] == [
        "pixels", "stem", "stage 1", "stage 2", "stage 3", "attention", "head", "other",
    ]  # fmt: skip
    assert all(one.measured_us > 0 for one in found.stages)
    assert found.in_float == []


def bundle_with(path: Path, target: str) -> Bundle:
    """The shipped student with its FP32 graph, and what that becomes for a runtime."""
    shipped = open_bundle(DEFAULT_STUDENT)
    [graph] = [one for one in shipped.manifest.artefacts if one.precision == "fp32"]
    built = TARGETS[target].whole(shipped.read(graph))
    made = replace(
        graph,
        file=built.file,
        sha256=sha256(built.model),
        backend=built.backend,
        precision=built.precision,
        weights=built.weights_file,
    )
    artefacts, files = [graph, made], shipped.manifest.files | {built.weights_file: sha256(built.weights)}
    manifest = replace(shipped.manifest, artefacts=artefacts, files=files)
    kept = {name: data for name, data in shipped.contents().items() if name in manifest.hashes()}
    return write_bundle(path, manifest, kept | {built.file: built.model, built.weights_file: built.weights})


def test_a_runtime_without_a_profiler_is_named(tmp_path: Path) -> None:
    pytest.importorskip("ncnn")
    bundle = bundle_with(tmp_path / "x.edgedf", "ncnn")
    with pytest.raises(UnavailableError, match="ncnn has no profiler here: take onnxruntime or openvino"):
        artefact_roofline(bundle, bundle.manifest.artefacts[1], rounds=1)


def test_an_ir_is_measured_by_the_graph_that_it_was_made_from(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "x.edgedf", "openvino")
    graph, ir = bundle.manifest.artefacts
    found = artefact_roofline(bundle, ir, rounds=1)
    assert found.layers == layer_costs(bundle.read(graph)).layers
    assert found.stages[0].measured_us > 0
    alone = replace(bundle, manifest=replace(bundle.manifest, artefacts=[ir]))
    with pytest.raises(InputError, match="no FP32 graph"):
        artefact_roofline(alone, ir, rounds=1)
