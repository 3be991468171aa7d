"""TensorRT engines from a dialect graph.

One code path for TensorRT 10.12 and later, TensorRT 11, and TensorRT for RTX: a strongly typed network, whose types
are the graph's own. No calibrator and no precision flag, which version 11 has no more.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from edgedf.errors import EdgedfError
from edgedf.runtime.backends import BATCH
from edgedf.runtime.onnx_contract import INPUT

LARGEST = BATCH  # crops a call
WORKSPACE = 1 << 30  # bytes of scratch memory that a kernel may take; the default is all of the GPU's


class Built(NamedTuple):
    """What a builder makes.

    Attributes:
        engine: The serialised engine.
        timings: The serialised timing cache, which makes the next build quicker; nothing where none was asked for.
    """

    engine: bytes
    timings: bytes


def build(
    trt: Any, graph: bytes, configure: Callable[[Any], None] | None = None, timings: bytes | None = None
) -> Built:
    """A serialised engine for batches of 1 to `LARGEST`, fastest at 1.

    Args:
        trt: The module `tensorrt`, or that of TensorRT for RTX.
        graph: Dialect ONNX file.
        configure: Called with the builder's configuration.
        timings: Timing cache of an earlier build on the same GPU and version, empty to start one. None builds without:
            TensorRT for RTX, which times nothing, has none.

    Raises:
        EdgedfError: TensorRT cannot parse or build the graph.
    """
    complaints = _Complaints(trt)
    builder = trt.Builder(complaints.logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, complaints.logger)
    if not parser.parse(graph):
        errors = "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors))
        raise EdgedfError(f"TensorRT cannot parse the graph ({errors})")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
    profile = builder.create_optimization_profile()
    profile.set_shape(INPUT, *((count, 256, 256, 3) for count in (1, 1, LARGEST)))
    config.add_optimization_profile(profile)
    if configure is not None:
        configure(config)
    cache = None if timings is None else _timing_cache(config, timings)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise EdgedfError(f"TensorRT cannot build the engine ({complaints.text()})")
    return Built(bytes(engine), b"" if cache is None else bytes(cache.serialize()))


def _timing_cache(config: Any, timings: bytes) -> Any:
    """Gives a configuration its timing cache, an empty one where TensorRT refuses the old one."""
    cache = config.create_timing_cache(timings)
    if cache is None or not config.set_timing_cache(cache, ignore_mismatch=False):
        cache = config.create_timing_cache(b"")
        config.set_timing_cache(cache, ignore_mismatch=False)
    return cache


class _Complaints:
    """A logger that keeps errors in place of printing everything."""

    def __init__(self, trt: Any) -> None:
        errors: list[str] = []
        worst = (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR)

        class Logger(trt.ILogger):  # type: ignore[misc]
            def __init__(self) -> None:
                trt.ILogger.__init__(self)

            def log(self, severity: Any, message: str) -> None:
                if severity in worst:
                    errors.append(message)

        self.logger, self._errors = Logger(), errors

    def text(self) -> str:
        """The first error."""
        return self._errors[0] if self._errors else "it gives no reason"
