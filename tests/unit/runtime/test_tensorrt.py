"""TensorRT behind the common protocol, on a GPU that `tests/fake_gpu.py` plays."""

import copy
import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.errors import EdgedfError
from edgedf.files import cache_root
from edgedf.forks import Home
from edgedf.runtime.backends import load_backend, run_in_batches
from edgedf.runtime.backends.tensorrt import TensorRt, _free, load, open_gpu, unpack_engine, usable
from edgedf.runtime.build_cache import keep
from edgedf.runtime.cuda_graph import CudaGraph
from edgedf.runtime.tensorrt_builder import LARGEST, WORKSPACE
from edgedf.runtime.tensorrt_lane import Lane
from tests.fake_gpu import CudaError, FakeGpu


@pytest.fixture
def graph(colour_graph: Any) -> bytes:
    return bytes(colour_graph.SerializeToString())


@pytest.fixture
def other_graph(colour_graph: Any) -> bytes:
    """The same network with other weights."""
    other = copy.deepcopy(colour_graph)
    other.graph.initializer[1].raw_data = np.array([1, 2, 3], np.float32).tobytes()
    return bytes(other.SerializeToString())


def empty_cache() -> None:
    for file in (cache_root() / "tensorrt").iterdir():
        file.unlink()


@pytest.mark.parametrize("count", [1, 2, 5, LARGEST, LARGEST + 1])
def test_any_number_of_crops_is_judged_as_by_onnx_runtime(
    gpu: FakeGpu, graph: bytes, crops: NDArray[np.uint8], count: int
) -> None:
    some = np.resize(crops, (count, *crops.shape[1:]))
    found, expected = (run_in_batches(one, some) for one in (load(graph, 1), load_backend("onnxruntime", graph, 1)))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert gpu.depth == 0


def test_single_crops_run_as_a_cuda_graph_also_between_batches(
    gpu: FakeGpu, graph: bytes, crops: NDArray[np.uint8]
) -> None:
    backend = load(graph, 1)
    expected = load_backend("onnxruntime", graph, 1).run(crops).logit
    for i in range(len(crops)):
        np.testing.assert_allclose(backend.run(crops[i : i + 1]).logit, expected[i : i + 1], atol=1e-4)
        np.testing.assert_allclose(backend.run(crops).logit, expected, atol=1e-4)
    assert gpu.launches == len(crops)


def test_a_network_that_cannot_be_recorded_runs_and_says_so(
    gpu: FakeGpu, graph: bytes, crops: NDArray[np.uint8]
) -> None:
    gpu.capture_error = 901
    backend = load(graph, 1)
    assert "there is no CUDA graph (cuStreamEndCapture gives CUDA error 901)" in backend.notes[-1]
    expected = load_backend("onnxruntime", graph, 1).run(crops[:1]).logit
    np.testing.assert_allclose(backend.run(crops[:1]).logit, expected, atol=1e-4)
    assert gpu.launches == 0


def test_a_machine_without_the_driver_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    with pytest.raises(EdgedfError, match="cannot be loaded: install NVIDIA's driver"):
        CudaGraph(1, lambda: None)


def test_threads_get_their_own_scores_and_all_is_freed(gpu: FakeGpu, graph: bytes, crops: NDArray[np.uint8]) -> None:
    backends = [load(graph, 1)]
    expected = load_backend("onnxruntime", graph, 1).run(crops).logit[:, 0]

    def judge(i: int) -> float:
        count = 1 + i % 2
        return float(backends[0].run(np.roll(crops, -i, 0)[:count]).logit[0, 0])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(judge, range(40)))
        np.testing.assert_allclose(found, np.tile(expected, 8), atol=1e-4)
        assert 1 <= gpu.handles <= 16
        pool.submit(backends.clear).result()
    gc.collect()
    assert len(gpu.streams) == gpu.leaked == gpu.depth == 0


def test_a_forked_child_frees_nothing_of_its_parent_s(
    gpu: FakeGpu, graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finaliser runs at the end of the child, too, and would take up the parent's context."""
    backend, lanes = load(graph, 1), cast("dict[int, list[Lane]]", {1: [Mock()]})
    home = Home(backend)
    with monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: -1)
        _free(backend._gpu, lanes, home)
    assert lanes[1]
    _free(backend._gpu, lanes, home)
    assert not lanes


def test_an_engine_is_built_once(gpu: FakeGpu, graph: bytes) -> None:
    first = load(graph, 1)
    assert first.notes == [f"built a TensorRT engine for {first.engine.fingerprint}"]
    shapes = [(count, 256, 256, 3) for count in (1, 1, LARGEST)]
    assert gpu.settings == {"shapes": tuple(shapes), "workspace": WORKSPACE}
    assert load(graph, 1).notes == []
    assert len(gpu.builds) == 1


def test_builds_share_the_timings_of_their_gpu_and_version(gpu: FakeGpu, graph: bytes, other_graph: bytes) -> None:
    load(graph, 1)
    load(other_graph, 1)
    gpu.name = "Thor"
    load(graph, 1)
    assert gpu.builds == [b"", b"timed ", b""]


def test_timings_that_tensorrt_refuses_are_begun_anew(gpu: FakeGpu, graph: bytes) -> None:
    keep("tensorrt", f"timings {open_gpu().fingerprint}", b"damaged")
    load(graph, 1)
    assert gpu.builds == [b""]


def brought(gpu: FakeGpu, graph: bytes) -> bytes:
    """An engine file from this GPU, which is not in the cache."""
    packed = load(graph, 1).engine.pack()
    empty_cache()
    gpu.builds.clear()
    return packed


def test_a_bundles_engine_is_taken_where_it_was_built(gpu: FakeGpu, graph: bytes) -> None:
    backend = load(graph, 1, brought(gpu, graph))
    assert (backend.notes, gpu.builds) == ([], [])


@pytest.mark.parametrize("change", [{"name": "Thor"}, {"version": "11.4.1"}])
def test_elsewhere_it_is_built_with_one_line(gpu: FakeGpu, graph: bytes, change: dict[str, str]) -> None:
    packed = brought(gpu, graph)
    gpu.__dict__.update(change)
    sys.modules["tensorrt"].__version__ = gpu.version  # type: ignore[attr-defined]
    [note] = load(graph, 1, packed).notes
    assert note.startswith("built a TensorRT engine for ") and next(iter(change.values())) in note
    assert "the bundle's is for Orin, SM 87, TensorRT 10.13.0, " in note


def test_an_engine_of_another_graph_is_not_taken(
    gpu: FakeGpu, graph: bytes, other_graph: bytes, crops: NDArray[np.uint8]
) -> None:
    backend = load(graph, 1, brought(gpu, other_graph))
    assert len(gpu.builds) == 1
    expected = load_backend("onnxruntime", graph, 1).run(crops).logit
    np.testing.assert_allclose(backend.run(crops).logit, expected, atol=1e-4)


def test_an_engine_that_does_not_load_is_built_anew(gpu: FakeGpu, graph: bytes) -> None:
    packed = brought(gpu, graph)
    load(graph, 1, packed.replace(b"\nplan ", b"\nplot "))
    assert len(gpu.builds) == 1


@pytest.mark.parametrize("data", [b"", b"plan", b"{}\nplan", b'["fingerprint"]\nplan', b"[" * 100_000])
def test_what_is_no_engine_file_is_none(data: bytes) -> None:
    assert unpack_engine(data) is None


def test_a_machine_that_lacks_something_says_what(gpu: FakeGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable()

    def fail(*_: object) -> None:
        raise CudaError("no CUDA-capable device is detected\n")

    monkeypatch.setattr(sys.modules["pycuda.driver"], "init", fail)
    with pytest.raises(EdgedfError, match=r"no usable NVIDIA GPU \(no CUDA-capable device is detected\)"):
        open_gpu()

    def no_library(*_: object) -> None:
        raise ImportError("libcuda.so.1: cannot open shared object file")

    monkeypatch.setattr("edgedf.runtime.backends.tensorrt.need", no_library)
    with pytest.raises(EdgedfError, match="cannot be imported"):
        open_gpu()
    assert not usable()


def test_errors_of_cuda_are_ours(gpu: FakeGpu, graph: bytes, crops: NDArray[np.uint8]) -> None:
    backend = load(graph, 1)
    assert isinstance(backend, TensorRt)

    def fail(*_: object) -> None:
        raise CudaError("out of memory")

    sys.modules["pycuda.driver"].mem_alloc = fail  # type: ignore[attr-defined]
    with pytest.raises(EdgedfError, match=r"TensorRT cannot run it \(out of memory\)"):
        backend.run(crops)
    assert gpu.depth == 0
