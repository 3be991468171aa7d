"""The microbenchmarks of a peak do the work that they are counted with."""

import pytest

from edgedf.deploy.cost import layer_costs
from edgedf.deploy.peak import DEPTH, Chain, chain_graph, peak_calls
from edgedf.runtime.timing import Latency


@pytest.mark.parametrize("int8", [False, True])
def test_a_chain_is_convolutions_and_no_more(int8: bool) -> None:
    chain = Chain(16, 8, 3)
    layers = layer_costs(chain_graph(chain, int8=int8)).layers
    assert [(one.op, one.precision) for one in layers] == [("Conv", "int8" if int8 else "f32")] * DEPTH
    assert sum(one.macs for one in layers) == chain.macs == DEPTH * 16 * 16 * 8 * 8 * 9


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_the_best_convolution_and_every_copy_make_the_peak(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgedf.deploy.peak.COPIES", (1 << 10, 1 << 12))
    measured = peak_calls(backend, {"f32", "int8"})
    for call in measured.calls.values():
        call()
    # Each takes as many milliseconds as it has millions of MACs or bytes, one convolution half of that.
    latencies = {name: _latency(work / 1e6) for name, (_, work) in measured.work.items()}
    quick = next(name for name, (precision, _) in measured.work.items() if precision == "int8")
    latencies[quick] = _latency(latencies[quick].latency_ms_p50 / 2)
    peak = measured.peak(latencies)
    assert peak.gmac_s == pytest.approx({"f32": 1.0, "int8": 2.0})
    assert [(one.moved_bytes, one.gb_s) for one in peak.copies] == [(1 << 10, 1.0), (1 << 12, 1.0)]


def _latency(milliseconds: float) -> Latency:
    """Of a call that always takes as long."""
    return Latency(milliseconds, milliseconds, 1, milliseconds, milliseconds, milliseconds, [milliseconds])
