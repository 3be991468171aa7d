"""The Engine: right scores, golden vectors replayed, fall-back with a note, refusals in one line."""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import pack_golden
from edgedf.errors import BundleError, InputError, MissingExtraError
from edgedf.runtime import Engine
from edgedf.runtime.backends import Outputs, load_backend

MakeBundle = Callable[..., Path]
Crops = NDArray[np.uint8]
Scores = NDArray[np.float32]


@pytest.fixture
def wrong_graph(colour_graph: Any) -> bytes:
    """Red and blue exchanged, as with a BGR picture: loads, runs, and is wrong."""
    other = copy.deepcopy(colour_graph)
    weights = other.graph.initializer[1]
    weights.raw_data = np.frombuffer(weights.raw_data, np.float32)[::-1].tobytes()
    return bytes(other.SerializeToString())


def test_scores_are_the_sigmoid(make_bundle: MakeBundle, crops: Crops, colour_scores: Scores) -> None:
    with Engine.load(make_bundle()) as engine:
        assert engine.notes == []
        assert engine.backend == "onnxruntime"
        assert engine.threshold == 0.6
        scores = engine.predict(crops)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, colour_scores, atol=1e-6)


def test_the_temperature_divides(make_bundle: MakeBundle, crops: Crops, colour_scores: Scores) -> None:
    """At temperature 2 the odds are the root of what they were."""
    cooler = (1 / (1 + np.sqrt((1 - colour_scores) / colour_scores))).astype(np.float32)
    path = make_bundle(temperature=2.0, golden=pack_golden(crops, {"model.onnx": cooler}))
    with Engine.load(path) as engine:
        np.testing.assert_allclose(engine.predict(crops), cooler, atol=1e-6)


def test_run_tells_everything(make_bundle: MakeBundle, crops: Crops) -> None:
    with Engine.load(make_bundle()) as engine:
        result = engine.run(crops)
    assert [array.shape for array in result] == [(5,), (5,), (5, 256, 256), (5, 3)]
    np.testing.assert_allclose(result.embedding, crops.mean((1, 2)) / 255, atol=1e-5)
    np.testing.assert_allclose(1 / (1 + np.exp(-result.logit)), result.score, atol=1e-6)


def test_many_crops_are_run_in_batches(make_bundle: MakeBundle, crops: Crops) -> None:
    """More than one batch, a part batch at the end, the order kept."""
    many = np.concatenate([crops] * 9)[:43]
    with Engine.load(make_bundle()) as engine:
        np.testing.assert_allclose(engine.predict(many), np.tile(engine.predict(crops), 9)[:43], atol=1e-6)


def test_no_crops_have_no_scores(make_bundle: MakeBundle, crops: Crops) -> None:
    with Engine.load(make_bundle()) as engine:
        assert engine.predict(crops[:0]).shape == (0,)


def test_a_view_of_a_picture_scores_like_its_copy(make_bundle: MakeBundle, crops: Crops) -> None:
    view = crops[:, ::-1, :, ::-1]
    with Engine.load(make_bundle()) as engine:
        np.testing.assert_array_equal(engine.predict(view), engine.predict(view.copy()))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 256, 256, 3), np.float32),
        np.zeros((1, 3, 256, 256), np.uint8),
        np.zeros((1, 224, 224, 3), np.uint8),
        np.zeros((256, 256, 3), np.uint8),
    ],
)
def test_other_crops_are_refused(make_bundle: MakeBundle, wrong: NDArray[Any]) -> None:
    with Engine.load(make_bundle()) as engine, pytest.raises(InputError, match="crops are uint8"):
        engine.predict(wrong)


def test_several_threads_get_their_own_scores(make_bundle: MakeBundle, crops: Crops) -> None:
    with Engine.load(make_bundle(), threads=1) as engine:
        expected = engine.predict(crops)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda i: engine.predict(crops[i % 5][None])[0], range(40)))
    np.testing.assert_allclose(found, np.tile(expected, 8), atol=1e-5)


def test_a_closed_engine_says_so(make_bundle: MakeBundle, crops: Crops) -> None:
    engine = Engine.load(make_bundle())
    engine.close()
    with pytest.raises(InputError, match="closed"):
        engine.predict(crops)


def test_a_wrong_artefact_gives_way_to_the_next(
    make_bundle: MakeBundle, wrong_graph: bytes, colour_graph: Any, crops: Crops, colour_scores: Scores
) -> None:
    path = make_bundle({"fast.onnx": wrong_graph, "model.onnx": colour_graph.SerializeToString()})
    with Engine.load(path) as engine:
        assert engine.artefact.file == "model.onnx"
        [note] = engine.notes
        assert "fast.onnx is not used: it misses its golden scores" in note
        np.testing.assert_allclose(engine.predict(crops), colour_scores, atol=1e-6)


def test_a_bundle_without_a_working_artefact_is_refused(make_bundle: MakeBundle, wrong_graph: bytes) -> None:
    with pytest.raises(BundleError, match=r"no artefact of .* works here: model.onnx .* misses its golden"):
        Engine.load(make_bundle({"model.onnx": wrong_graph}))


def test_a_score_that_is_not_a_number_misses(make_bundle: MakeBundle, colour_graph: Any) -> None:
    other = copy.deepcopy(colour_graph)
    other.graph.initializer[0].raw_data = np.float32(0).tobytes()  # the divisor: 0 / 0
    with pytest.raises(BundleError, match="misses its golden scores by nan"):
        Engine.load(make_bundle({"model.onnx": other.SerializeToString()}))


def test_a_graph_the_runtime_cannot_load_gives_way(make_bundle: MakeBundle, colour_graph: Any) -> None:
    other = copy.deepcopy(colour_graph)
    other.graph.node[0].op_type = "NoSuchOperator"
    path = make_bundle({"new.onnx": other.SerializeToString(), "old.onnx": colour_graph.SerializeToString()})
    with Engine.load(path) as engine:
        assert "new.onnx is not used: ONNX Runtime" in engine.notes[0]


def test_a_graph_that_fails_when_it_runs_gives_way(make_bundle: MakeBundle, colour_graph: Any) -> None:
    other = copy.deepcopy(colour_graph)
    other.graph.initializer[1].dims[:] = [1, 3]  # no matrix product with (N, 3)
    path = make_bundle({"bad.onnx": other.SerializeToString(), "good.onnx": colour_graph.SerializeToString()})
    with Engine.load(path) as engine:
        assert engine.artefact.file == "good.onnx"
        assert "bad.onnx is not used: ONNX Runtime" in engine.notes[0]


def test_a_logit_of_another_shape_is_refused(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph may declare one shape and give another, which numpy would broadcast."""

    class OneForAll:
        def run(self, crops: Crops) -> Outputs:
            return Outputs(*[np.zeros((1, 1), np.float32)] * 3)

    monkeypatch.setattr("edgedf.runtime.engine.load_backend", lambda *_: OneForAll())
    with pytest.raises(BundleError, match=r"its outputs of 5 crops have the shapes \[\(1, 1\)"):
        Engine.load(make_bundle())


def test_a_graph_of_another_contract_is_refused_even_beside_a_good_one(
    make_bundle: MakeBundle, colour_graph: Any
) -> None:
    other = copy.deepcopy(colour_graph)
    other.graph.input[0].name = "image"
    path = make_bundle({"odd.onnx": other.SerializeToString(), "old.onnx": colour_graph.SerializeToString()})
    with pytest.raises(BundleError, match=r"odd.onnx is refused: its input is image uint8"):
        Engine.load(path)


def test_the_runtime_takes_the_bytes_for_what_they_were_checked_as(colour_graph: Any, crops: Crops) -> None:
    """ONNX, to which the mark of ONNX Runtime's own format is a part of the producer's name."""
    graph = colour_graph.SerializeToString()
    marked = b"\x12\x7f\0\0ORTM" + bytes(121) + graph
    expected = load_backend("onnxruntime", graph, 1).run(crops)
    np.testing.assert_array_equal(load_backend("onnxruntime", marked, 1).run(crops).logit, expected.logit)


def test_a_missing_runtime_is_a_note(make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def need(module: str, extra: str) -> None:
        raise MissingExtraError(module, extra)

    monkeypatch.setattr("edgedf.runtime.backends.onnxruntime.need", need)
    with pytest.raises(BundleError, match="onnxruntime is not installed"):
        Engine.load(make_bundle())


def test_a_runtime_that_fails_in_its_own_way_gives_way(
    make_bundle: MakeBundle, colour_graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that is not there, say, is an ImportError, and comes from deep within."""

    def need(module: str, extra: str) -> None:
        raise ImportError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr("edgedf.runtime.backends.onnxruntime.need", need)
    with pytest.raises(BundleError, match=r"onnxruntime cannot load it \(ImportError: libcuda.so.1"):
        Engine.load(make_bundle())


def test_the_runtime_gets_bytes_and_the_threads_asked_for(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, int]] = []

    def spy(name: str, model: bytes, threads: int, weights: bytes, precision: str) -> Any:
        seen.append((model, threads))
        return load_backend(name, model, threads, weights, precision)

    monkeypatch.setattr("edgedf.runtime.engine.load_backend", spy)
    path = make_bundle()
    Engine.load(path, threads=1)
    assert seen == [((path / "model.onnx").read_bytes(), 1)]


def test_wrong_options_are_refused(make_bundle: MakeBundle) -> None:
    with pytest.raises(InputError, match="no backend 'abacus'"):
        Engine.load(make_bundle(), backend="abacus")
    with pytest.raises(InputError, match="0 threads"):
        Engine.load(make_bundle(), threads=0)


def test_the_file_of_an_artefact_pins_it(make_bundle: MakeBundle, colour_graph: Any) -> None:
    graph = colour_graph.SerializeToString()
    path = make_bundle({"a.onnx": graph, "b.onnx": graph})
    with Engine.load(path, "b.onnx", threads=1) as engine:
        assert (engine.artefact.file, engine.notes) == ("b.onnx", [])
