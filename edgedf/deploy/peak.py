"""The best that one thread of this machine reaches: dense convolutions in a runtime, and copies of memory."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from edgedf.extras import need
from edgedf.metrics.attainable import INT8, Copy, Peak
from edgedf.runtime.backends import openvino as openvino_backend
from edgedf.runtime.backends.onnxruntime import session_options
from edgedf.runtime.timing import Latency

DEPTH = 4  # convolutions in a row, so that bringing the input into the runtime's order hardly counts
COPIES = (1 << 19, 1 << 22, 1 << 25, 1 << 28)  # bytes read and written; the largest is beyond most caches


class Chain(NamedTuple):
    """Equal convolutions in a row, of a square picture and with as many channels out as in."""

    channels: int
    side: int
    kernel: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all of them."""
        return DEPTH * (self.channels * self.side * self.kernel) ** 2


# Calls of a few milliseconds at most: longer ones are interrupted more often.
CHAINS = (Chain(64, 32, 3), Chain(128, 16, 3), Chain(256, 8, 3), Chain(256, 16, 1))


class PeakCalls(NamedTuple):
    """What is to be timed for a peak.

    Attributes:
        calls: By name, for `edgedf.runtime.timing.measure`.
        work: Of each: its precision and MACs, or nothing and the bytes that it moves.
    """

    calls: dict[str, Callable[[], object]]
    work: dict[str, tuple[str, int]]

    def peak(self, found: Mapping[str, Latency]) -> Peak:
        """The peak, from the latencies of all calls."""
        gmac_s: dict[str, float] = {}
        copies = []
        for name, (precision, work) in self.work.items():
            rate = work / found[name].latency_ms_p50 / 1e6
            if precision:
                gmac_s[precision] = max(rate, gmac_s.get(precision, 0.0))
            else:
                copies.append(Copy(work, rate))
        return Peak(gmac_s, copies)


def peak_calls(backend: str, precisions: Collection[str]) -> PeakCalls:
    """The calls that a peak is measured by, ready to run.

    Args:
        backend: `onnxruntime` or `openvino`.
        precisions: `int8`, or floating point as OpenVINO calls it.

    Raises:
        MissingExtraError: The runtime, or a package of the `export` extra, is missing.
    """
    calls: dict[str, Callable[[], object]] = {}
    work = {}
    for precision in sorted(precisions):
        for chain in CHAINS:
            name = f"{chain} {precision}"
            calls[name] = _chain_call(backend, chain, precision)
            work[name] = (precision, chain.macs)
    for moved in COPIES:
        source, target = np.ones(moved // 2, np.uint8), np.zeros(moved // 2, np.uint8)
        calls[f"copy {moved}"] = partial(np.copyto, target, source)
        work[f"copy {moved}"] = ("", moved)
    return PeakCalls(calls, work)


def _chain_call(backend: str, chain: Chain, precision: str) -> Callable[[], object]:
    int8 = precision == INT8
    graph = chain_graph(chain, int8=int8)
    values = np.random.default_rng(0).random((1, chain.channels, chain.side, chain.side), np.float32)
    picture = (values * 255).astype(np.uint8) if int8 else values
    if backend == "openvino":
        core = need("openvino", "openvino").Core()
        settings = openvino_backend.compile_settings(1, "" if int8 else precision)
        request = core.compile_model(core.read_model(model=graph), "CPU", settings).create_infer_request()
        return partial(request.infer, {"picture": picture})
    ort = need("onnxruntime", "all")
    session = ort.InferenceSession(graph, session_options(threads=1), providers=["CPUExecutionProvider"])
    return partial(session.run, None, {"picture": picture})


def chain_graph(chain: Chain, *, int8: bool) -> bytes:
    """The ONNX file of a chain, float throughout or uint8 with the Q/DQ pairs of a CPU's dialect."""
    onnx = need("onnx", "export")
    helper, types = onnx.helper, onnx.TensorProto
    channels, side, kernel = chain
    shape = (channels, channels, kernel, kernel)
    normal = np.random.default_rng(0).standard_normal(shape, np.float32)
    weights = np.clip(normal * 20, -64, 64).astype(np.int8) if int8 else normal / np.sqrt(np.prod(shape[1:]))
    constants = {"weights": weights.astype(np.int8 if int8 else np.float32)}
    if int8:
        constants |= {"step": np.float32(0.01), "middle": np.uint8(128), "zero": np.int8(0)}
    nodes = [node for place in range(DEPTH) for node in _link(helper, place, kernel, int8=int8)]
    ends = [
        helper.make_tensor_value_info(name, types.UINT8 if int8 else types.FLOAT, [1, channels, side, side])
        for name in ("picture", f"x{DEPTH}")
    ]
    nodes[0].input[0] = "picture"
    tensors = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return bytes(model.SerializeToString())


def _link(helper: Any, place: int, kernel: int, *, int8: bool) -> list[Any]:
    """Nodes of one convolution, from `x<place>` to the next."""
    before, after, pads = f"x{place}", f"x{place + 1}", [kernel // 2] * 4
    if not int8:
        return [helper.make_node("Conv", [before, "weights"], [after], pads=pads)]
    read, weights, given = (f"{name}{place}" for name in ("read", "float weights", "given"))
    return [
        helper.make_node("DequantizeLinear", [before, "step", "middle"], [read]),
        helper.make_node("DequantizeLinear", ["weights", "step", "zero"], [weights]),
        helper.make_node("Conv", [read, weights], [given], pads=pads),
        helper.make_node("QuantizeLinear", [given, "step", "middle"], [after]),
    ]
