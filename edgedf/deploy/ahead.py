"""What can be told of a TensorRT graph without its device: the linter's rules, and engines built ahead of time."""

from collections.abc import Sequence
from typing import Any

from edgedf.console import say
from edgedf.deploy.lint import lint
from edgedf.errors import GateError, InputError
from edgedf.extras import need
from edgedf.runtime.tensorrt_builder import build

CAPABILITIES = (75, 80, 86, 89, 120, 121)  # that TensorRT for RTX builds for


def check_ahead(file: str, graph: bytes, capabilities: Sequence[int]) -> None:
    """Lints a dialect graph, and builds it for some GPUs where that is asked for.

    Args:
        file: Its name, for messages.
        graph: ONNX file.
        capabilities: Compute capabilities, such as 86 and 89; none builds nothing.

    Raises:
        GateError: It breaks a rule of TensorRT's, the first one is named with its node.
        MissingExtraError: TensorRT for RTX is not installed.
        EdgedfError: TensorRT for RTX cannot parse or build it.
    """
    if findings := lint(graph):
        raise GateError(f"{file} breaks {len(findings)} of TensorRT's rules: {findings[0]}")
    if capabilities:
        engine = build_ahead(graph, capabilities)
        names = ", ".join(map(str, capabilities))
        say(f"{file}: TensorRT for RTX builds it for compute capability {names}, {len(engine) / 1e6:.1f} MB")


def check_capabilities(capabilities: Sequence[int]) -> None:
    """Makes sure that TensorRT for RTX builds for these.

    Raises:
        InputError: For one it does not.
    """
    if odd := [str(one) for one in capabilities if one not in CAPABILITIES]:
        known = ", ".join(map(str, CAPABILITIES))
        raise InputError(
            f"TensorRT for RTX does not build for compute capability {', '.join(odd)}: choose from {known}"
        )


def build_ahead(graph: bytes, capabilities: Sequence[int]) -> bytes:
    """An engine of TensorRT for RTX for some compute capabilities; needs no GPU.

    Raises:
        InputError: A capability that TensorRT for RTX does not build for.
        MissingExtraError: TensorRT for RTX is not installed.
        EdgedfError: It cannot parse or build the graph.
    """
    check_capabilities(capabilities)
    trt = need("tensorrt_rtx_bindings", "rtx")

    def target(config: Any) -> None:
        config.num_compute_capabilities = len(capabilities)
        for place, one in enumerate(capabilities):
            config.set_compute_capability(getattr(trt.ComputeCapability, f"SM{one}"), place)

    return build(trt, graph, target).engine
