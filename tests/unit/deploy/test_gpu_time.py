"""Times of a GPU that `tests/fake_gpu.py` plays, and a stand-in for trtexec."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from edgedf.deploy.contenders import Contender
from edgedf.deploy.gpu_time import gpu_times
from edgedf.deploy.trtexec import Trtexec, read_summary
from edgedf.errors import EdgedfError, InternalError
from edgedf.metrics.gpu import GpuTime
from edgedf.runtime.timing import measure
from tests.fake_gpu import FakeGpu

CROP = np.zeros((1, 256, 256, 3), np.uint8)
SUMMARY = """\
[10/03/2024-10:47:59] [I] Average on 10 runs - GPU latency: 7.5 ms - Host latency: 7.6 ms (enqueue 7.6 ms)
[10/03/2024-10:47:59] [I] === Performance summary ===
[10/03/2024-10:47:59] [I] Throughput: 130.298 qps
[10/03/2024-10:47:59] [I] Latency: min = 5.3 ms, max = 13.3 ms, mean = 7.6 ms, median = MEDIAN ms
[10/03/2024-10:47:59] [I] Enqueue Time: min = 2.7 ms, max = 15 ms, mean = 7.6 ms, median = 7.8 ms
[10/03/2024-10:47:59] [I] H2D Latency: min = 0.006 ms, max = 0.06 ms, mean = 0.012 ms, median = 0.008 ms
[10/03/2024-10:47:59] [I] GPU Compute Time: min = 5.3 ms, max = 13.3 ms, mean = 7.5 ms, median = 5.14139 ms
[10/03/2024-10:47:59] [I] D2H Latency: min = 0.003 ms, max = 0.1 ms, median = 0.004 ms, percentile(99%) = 0.1 ms
[10/03/2024-10:47:59] [I] Total Host Walltime: 3.00082 s
"""


@pytest.fixture
def contender(gpu: FakeGpu, tiny_graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Contender:
    """An artefact for TensorRT, timed in a few calls where there is no trtexec."""
    bundle = SimpleNamespace(read=lambda _: tiny_graph, weights=lambda _: b"")
    monkeypatch.setattr("edgedf.deploy.gpu_time.open_bundle", lambda _: bundle)
    monkeypatch.setattr("edgedf.deploy.gpu_time.measure", partial(measure, rounds=2, turn_s=0.0, warm_up=1))
    monkeypatch.setenv("PATH", str(tmp_path))
    return contender_of("tensorrt", tmp_path)


def contender_of(backend: str, path: Path | None) -> Contender:
    engine: Any = SimpleNamespace(backend=backend, artefact=None)
    return Contender("student", engine, 1.0, cast(Any, None), [], path)


def install(tmp_path: Path, script: str) -> None:
    """A program of the name trtexec."""
    program = tmp_path / "trtexec"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_gpu_is_timed_by_its_own_clock_with_and_without_a_graph(gpu: FakeGpu, contender: Contender) -> None:
    """Its clock counts one copy to it, the network, and three copies from it."""
    graph, kernels = gpu_times(contender, CROP)
    assert (graph.cuda_graph, kernels.cuda_graph) == (True, False)
    for one in (graph, kernels):
        assert one.gpu_ms_p50 == 5.0 and 0 < one.host_ms_p50 < 1000
        assert one.trtexec_ms_p50 is None
    assert gpu.launches > 0 and gpu.depth == 0
    assert [
        note for note in contender.notes if "no trtexec beside it: trtexec is not on PATH" in note
    ] == contender.notes
    assert len(contender.notes) == 1


def test_what_cannot_be_recorded_is_timed_without_a_graph(gpu: FakeGpu, contender: Contender) -> None:
    gpu.capture_error = 901
    [kernels] = gpu_times(contender, CROP)
    assert not kernels.cuda_graph and kernels.gpu_ms_p50 == 5.0


def test_trtexec_stands_beside_it(contender: Contender, tmp_path: Path) -> None:
    """It is given the engine itself, and one face a call; the fake is told of the graph by its latency."""
    words = (
        '[ "$(/usr/bin/head -c 4 "${1#--loadEngine=}")" = plan ] && [ "$2" = --shapes=pixels:1x256x256x3 ] || exit 9'
    )
    choice = '[ "$3" = --useCudaGraph ] && median=6.25 || median=7.5'
    (tmp_path / "summary").write_text(SUMMARY)
    install(tmp_path, f'{words}\n{choice}\n/usr/bin/sed "s/MEDIAN/$median/" {tmp_path}/summary')
    graph, kernels = gpu_times(contender, CROP)
    assert (graph.trtexec_ms_p50, graph.trtexec_kernels_ms_p50) == (6.25, 5.14139)
    assert (kernels.trtexec_ms_p50, kernels.trtexec_kernels_ms_p50) == (7.5, 5.14139)
    assert contender.notes == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo "[E] Error Code 6: the plan is of another version"; exit 1', "trtexec cannot run the engine ([E] Error"),
        ("exit 3", "(exit code 3)"),
        ("echo hello", "tells no median latency"),
    ],
)
def test_a_trtexec_that_fails_is_noted_once(contender: Contender, tmp_path: Path, script: str, said: str) -> None:
    install(tmp_path, script)
    assert {one.trtexec_ms_p50 for one in gpu_times(contender, CROP)} == {None}
    [note] = contender.notes
    assert said in note


def test_the_summary_of_trtexec_is_read() -> None:
    assert read_summary(SUMMARY.replace("MEDIAN", "7.16092")) == Trtexec(7.16092, 5.14139)
    with pytest.raises(EdgedfError, match="tells no median"):
        read_summary(SUMMARY.replace("MEDIAN", "?"))


def test_other_runtimes_and_peers_have_no_times_of_the_gpu(tmp_path: Path) -> None:
    assert (
        gpu_times(contender_of("onnxruntime", tmp_path), CROP) == gpu_times(contender_of("tensorrt", None), CROP) == []
    )


@pytest.mark.parametrize(
    "times", [(0.0, 0.5), (1.0, 0.0), (1.0, 0.5, 0.5), (1.0, 0.5, None, 0.4), (1.0, 0.5, 0.4, 0.5), (1.0, float("inf"))]
)
def test_times_that_contradict_each_other_cannot_be(times: tuple[float, ...]) -> None:
    assert GpuTime(True, 1.0, 0.5, 0.5, 0.4).cuda_graph
    with pytest.raises(InternalError):
        GpuTime(True, *times)
