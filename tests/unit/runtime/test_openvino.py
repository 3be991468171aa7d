"""OpenVINO behind the common protocol, and what is refused before it sees a byte."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.deploy.openvino import Ir, ir_from_onnx
from edgedf.errors import BundleError
from edgedf.runtime.backends import Backend, load_backend, run_in_batches
from edgedf.runtime.backends.openvino import OpenVino
from edgedf.runtime.build_cache import keep
from edgedf.runtime.ir_contract import check_ir

Core = pytest.importorskip("openvino").Core


@pytest.fixture(scope="module")
def ir(colour_graph: Any) -> Ir:
    return ir_from_onnx(colour_graph.SerializeToString())


@pytest.fixture(scope="module")
def backend(ir: Ir) -> Backend:
    return load_backend("openvino", ir.model, 1, ir.weights)


@pytest.mark.parametrize("count", [1, 2, 5, 35])
def test_any_number_of_crops_is_judged_as_by_onnx_runtime(
    backend: Backend, colour_graph: Any, crops: NDArray[np.uint8], count: int
) -> None:
    some = np.resize(crops, (count, *crops.shape[1:]))
    expected = run_in_batches(load_backend("onnxruntime", colour_graph.SerializeToString(), 1), some)
    for ours, theirs in zip(run_in_batches(backend, some), expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-3, rtol=1e-3)  # weights in FP16


def test_threads_share_an_engine(backend: Backend, crops: NDArray[np.uint8]) -> None:
    alone = [backend.run(crop[None]).logit[0, 0] for crop in crops]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda i: backend.run(crops[i % 5][None]).logit[0, 0], range(80)))
    assert together == [alone[i % 5] for i in range(80)]


def test_results_are_the_callers_own(backend: Backend, crops: NDArray[np.uint8]) -> None:
    """Not a view of memory that the next call overwrites."""
    first = backend.run(crops[:1]).logit.copy()
    kept = backend.run(crops[:1]).logit
    backend.run(crops[4:])
    assert np.array_equal(kept, first)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda xml: xml[:200], "not an OpenVINO IR"),
        (lambda xml: b"\x00\x01" + xml, "not an OpenVINO IR"),
        (lambda xml: xml.replace(b'element_type="u8"', b'element_type="f32"'), "its input is"),
        (lambda xml: xml.replace(b"?,256,256,3", b"?,224,224,3"), "its input is"),
        (lambda xml: xml.replace(b"logit", b"score"), "its outputs are not"),
        (lambda xml: xml.replace(b"<net ", b'<!DOCTYPE net [<!ENTITY a "b">]><net ', 1), "document type"),
        (lambda xml: b"<net>" + b"<a>" * 100 + b"</a>" * 100 + b"</net>", "nested without end"),
    ],
)
def test_another_graph_is_refused(ir: Ir, change: Any, reason: str) -> None:
    check_ir(ir.model, len(ir.weights))
    changed = change(ir.model)
    assert changed != ir.model
    with pytest.raises(BundleError, match=reason):
        check_ir(changed, len(ir.weights))


def test_constants_stay_within_the_weights(ir: Ir) -> None:
    with pytest.raises(BundleError, match="reach beyond its weights"):
        check_ir(ir.model, len(ir.weights) - 1)


@pytest.mark.parametrize(("precision", "hint"), [("", "f32"), ("int8, f32", "f32"), ("int8, bf16", "bf16")])
def test_floating_point_layers_are_computed_in_what_the_artefact_says(ir: Ir, precision: str, hint: str) -> None:
    """Where the CPU can: without bf16 it falls back to f32, or emulates it by AVX-512."""
    backend = load_backend("openvino", ir.model, 1, ir.weights, precision)
    assert isinstance(backend, OpenVino)
    can = hint.upper() in Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") or hint == "f32"
    found = backend.request(1).get_compiled_model().get_property("INFERENCE_PRECISION_HINT").to_string()
    assert found == hint if can else found in {hint, "f32"}


@pytest.mark.parametrize("precision", ["int8", "int8, f64", "fp16 weights, f32,x"])
def test_an_unknown_hint_is_refused(ir: Ir, precision: str) -> None:
    with pytest.raises(BundleError, match="does not end with f32, bf16, f16"):
        load_backend("openvino", ir.model, 1, ir.weights, precision)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """An empty cache, and the sizes that are compiled from now on."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "cache"))
    sizes: list[int] = []
    compile_model = OpenVino._compile

    def count(self: OpenVino, size: int) -> Any:
        sizes.append(size)
        return compile_model(self, size)

    monkeypatch.setattr(OpenVino, "_compile", count)
    return sizes


def test_a_second_start_compiles_nothing_and_scores_alike(ir: Ir, counted: list[int], crops: NDArray[np.uint8]) -> None:
    first, second = (load_backend("openvino", ir.model, 1, ir.weights).run(crops) for _ in range(2))
    assert counted == [1, 8]
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    load_backend("openvino", ir.model, 2, ir.weights)
    load_backend("openvino", ir.model, 1, bytes(len(ir.weights)))  # the same network with other weights
    assert counted == [1, 8, 1, 1]


def test_what_openvino_does_not_take_is_compiled_anew(ir: Ir, counted: list[int], crops: NDArray[np.uint8]) -> None:
    before = load_backend("openvino", ir.model, 1, ir.weights)
    assert isinstance(before, OpenVino)
    keep("openvino", f"{before._key} 1", b"no blob of OpenVINO's")
    after = load_backend("openvino", ir.model, 1, ir.weights)
    assert counted == [1, 1]
    assert np.array_equal(after.run(crops[:1]).logit, before.run(crops[:1]).logit)
