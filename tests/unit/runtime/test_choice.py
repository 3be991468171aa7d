"""The artefact in use is the fastest that works here: measured once, then remembered until something differs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgedf.bundle import Artefact, Bundle, open_bundle
from edgedf.errors import BundleError, EdgedfError, GateError
from edgedf.runtime import choice
from edgedf.runtime.backends import Backend, Outputs, tensorrt
from edgedf.runtime.choice import Choice, choose

MakeBundle = Callable[..., Path]
MS = {"slow.onnx": 6.0, "fast.onnx": 1.0, "middle.onnx": 3.0}  # one call of each


class Clock:
    """Stands in for the module `time`: only a backend's work lets time pass."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Paced:
    """A backend of known speed."""

    notes = ()

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        self.clock.now += self.seconds
        return Outputs(*[np.zeros((len(crops), 1), np.float32)] * 3)


class Shelf:
    """Loads paced backends; remembers which were asked for, and fails for some."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.asked: list[str] = []
        self.failing: dict[str, EdgedfError] = {}
        self.pace = 1.0
        self.kind = Paced

    def __call__(self, artefact: Artefact) -> Backend:
        self.asked.append(artefact.file)
        if artefact.file in self.failing:
            raise self.failing[artefact.file]
        return self.kind(self.clock, MS[artefact.file] / 1000 * self.pace)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr("edgedf.runtime.timing.time", shelf.clock)
    return shelf


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "choices"


@pytest.fixture
def bundle(make_bundle: MakeBundle, colour_graph: Any, cache: Path) -> Bundle:
    return open_bundle(make_bundle(dict.fromkeys(MS, colour_graph.SerializeToString())))


def chosen(bundle: Bundle, shelf: Shelf, threads: int = 1) -> Choice:
    shelf.asked.clear()
    return choose(bundle, "auto", threads, shelf)


@pytest.mark.parametrize("order", [list(MS), list(reversed(MS)), ["middle.onnx", "slow.onnx", "fast.onnx"]])
def test_the_fastest_is_used_in_whatever_order_the_manifest_has(
    make_bundle: MakeBundle, colour_graph: Any, shelf: Shelf, cache: Path, order: list[str]
) -> None:
    bundle = open_bundle(make_bundle(dict.fromkeys(order, colour_graph.SerializeToString())))
    found = chosen(bundle, shelf)
    assert (found.artefact.file, found.failed, found.notes()) == ("fast.onnx", {}, [])
    assert shelf.asked == order
    assert shelf.clock.now < 1


def test_slow_artefacts_have_a_turn_each_and_no_more(bundle: Bundle, shelf: Shelf) -> None:
    shelf.pace = 1000  # seconds in place of milliseconds: one warms up, one is timed after an untimed call
    assert chosen(bundle, shelf).artefact.file == "fast.onnx"
    assert shelf.clock.now == pytest.approx(3 * sum(MS.values()))


def test_the_choice_is_remembered(bundle: Bundle, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(bundle, shelf)
    monkeypatch.setattr(choice, "measure", None)
    assert chosen(bundle, shelf).artefact.file == "fast.onnx"
    assert shelf.asked == ["fast.onnx"]


def test_another_machine_version_bundle_or_number_of_threads_is_measured_anew(
    bundle: Bundle, shelf: Shelf, make_bundle: MakeBundle, colour_graph: Any
) -> None:
    chosen(bundle, shelf)
    for name, other in (
        ("cpu_name", lambda: "another CPU"),
        ("cpu_features", lambda: ["avx512_vnni"]),
        ("cores", lambda: 64),
        ("versions", lambda _: {"onnxruntime": "99"}),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(choice, name, other)
            chosen(bundle, shelf)
            assert shelf.asked == list(MS), name
    chosen(bundle, shelf, threads=2)
    assert shelf.asked == list(MS)
    chosen(bundle, shelf)
    assert shelf.asked == ["fast.onnx"], "the first is still remembered"
    graphs = dict.fromkeys(MS, colour_graph.SerializeToString() + b"\x3a\x00")  # one more empty field
    chosen(open_bundle(make_bundle(graphs)), shelf)
    assert shelf.asked == list(MS)


def test_the_gpu_matters_where_an_artefact_needs_one(
    bundle: Bundle, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus = iter(["Orin, SM 87", "no usable GPU"])
    monkeypatch.setattr(choice, "gpu_name", lambda: next(gpus))
    assert choice._key(bundle, 1) == choice._key(bundle, 1)
    artefacts = [replace(one, backend="tensorrt") for one in bundle.manifest.artefacts]
    other = replace(bundle, manifest=replace(bundle.manifest, artefacts=artefacts))
    assert choice._key(other, 1) != choice._key(other, 1)


def test_a_gpu_is_named_and_so_is_its_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(init=lambda: None, Error=RuntimeError)
    cuda.Device = lambda index: SimpleNamespace(name=lambda: "Orin", compute_capability=lambda: (8, 7))
    monkeypatch.setattr(tensorrt, "need", lambda *_: cuda)
    assert tensorrt.gpu_name() == "Orin, SM 87"

    def fail(*_: object) -> None:
        raise RuntimeError("no CUDA-capable device")

    cuda.init = fail
    assert tensorrt.gpu_name() == "no usable GPU (no CUDA-capable device)"
    monkeypatch.setattr(tensorrt, "need", lambda *_: (_ for _ in ()).throw(ImportError("libcuda.so.1: not found")))
    assert tensorrt.gpu_name() == "libcuda.so.1: not found"


@pytest.mark.parametrize("error", [GateError("it misses its golden scores by 0.4"), EdgedfError("no such operator")])
def test_what_fails_gives_way_and_this_is_told_each_time(bundle: Bundle, shelf: Shelf, error: EdgedfError) -> None:
    shelf.failing["fast.onnx"] = error
    for asked in (list(MS), ["middle.onnx"]):
        found = chosen(bundle, shelf)
        assert found.artefact.file == "middle.onnx"
        assert found.notes() == [f"fast.onnx is not used: {error}"]
        assert shelf.asked == asked


def test_two_that_fail_alike_are_one_note(bundle: Bundle, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the one that is left is not measured."""
    shelf.failing = dict.fromkeys(("slow.onnx", "fast.onnx"), EdgedfError("its runtime is not installed"))
    monkeypatch.setattr(choice, "measure", None)
    found = chosen(bundle, shelf)
    assert found.artefact.file == "middle.onnx"
    assert found.notes() == ["slow.onnx, fast.onnx are not used: its runtime is not installed"]


def test_a_remembered_artefact_that_fails_now_gives_way(bundle: Bundle, shelf: Shelf) -> None:
    chosen(bundle, shelf)
    shelf.failing["fast.onnx"] = EdgedfError("no memory")
    found = chosen(bundle, shelf)
    assert (found.artefact.file, found.failed) == ("middle.onnx", {"fast.onnx": "no memory"})


def test_a_batch_of_one_must_run(bundle: Bundle, shelf: Shelf) -> None:
    """Golden vectors are several crops: one alone may take another path through a runtime."""

    class Brittle(Paced):
        def run(self, crops: NDArray[np.uint8]) -> Outputs:
            if self.seconds == MS["fast.onnx"] / 1000:
                raise EdgedfError("its CUDA graph cannot be captured")
            return super().run(crops)

    shelf.kind = Brittle
    assert chosen(bundle, shelf).notes() == ["fast.onnx is not used: its CUDA graph cannot be captured"]


def test_none_that_works_is_an_error_with_every_reason(bundle: Bundle, shelf: Shelf) -> None:
    shelf.failing = {file: EdgedfError(f"reason {file[0]}") for file in MS}
    with pytest.raises(BundleError, match=r"no artefact of .* works here: slow.onnx is not used: reason s; .*reason m"):
        chosen(bundle, shelf)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-20],
        lambda data: b"\xff" + data,
        lambda data: b"[" * 100_000,
        lambda data: b"[]",
        lambda data: data.replace(b"fast.onnx", b"slow.onnx"),
    ],
    ids=range(6),
)
def test_a_damaged_memory_is_measured_anew_and_mended(
    bundle: Bundle, shelf: Shelf, cache: Path, damage: Callable[[bytes], bytes]
) -> None:
    chosen(bundle, shelf)
    [file] = cache.iterdir()
    sound = file.read_bytes()
    file.write_bytes(damage(sound))
    assert chosen(bundle, shelf).artefact.file == "fast.onnx"
    assert shelf.asked == list(MS)
    assert file.read_bytes() == sound
    assert [one.name for one in cache.iterdir()] == [file.name]


def test_a_cache_that_cannot_be_used_is_no_error(
    bundle: Bundle, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is in its place, or the user has no home at all, as in some containers."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDGEDF_CACHE", str(tmp_path / "file"))
    assert chosen(bundle, shelf).artefact.file == "fast.onnx"

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("EDGEDF_CACHE")
    monkeypatch.setattr(Path, "home", homeless)
    for _ in range(2):
        assert chosen(bundle, shelf).artefact.file == "fast.onnx"
        assert shelf.asked == list(MS)


def test_a_single_artefact_or_a_pinned_backend_is_neither_measured_nor_remembered(
    bundle: Bundle, make_bundle: MakeBundle, shelf: Shelf, cache: Path, colour_graph: Any
) -> None:
    assert choose(bundle, "onnxruntime", 1, shelf).artefact.file == "slow.onnx"
    with pytest.raises(BundleError, match="none is made for openvino"):
        choose(bundle, "openvino", 1, shelf)
    single = open_bundle(make_bundle({"fast.onnx": colour_graph.SerializeToString()}))
    assert chosen(single, shelf).artefact.file == "fast.onnx"
    assert not cache.exists()
