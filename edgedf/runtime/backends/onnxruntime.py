"""ONNX Runtime on the CPU. Its exceptions share no base but `Exception`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedf import came_too_late
from edgedf.errors import EdgedfError, first_line
from edgedf.extras import need
from edgedf.runtime.backends import Outputs
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS, check_graph

TELLS = "ONNX Runtime was imported before edgedf, which would have turned its telemetry off: import edgedf first"


class OnnxRuntime:
    """One inference session.

    Attributes:
        session: It.
        notes: That its telemetry is on, where edgedf came too late to turn it off.
    """

    notes = (TELLS,) if came_too_late else ()

    def __init__(self, session: Any) -> None:
        self.session = session

    def run(self, crops: NDArray[np.uint8]) -> Outputs:
        """See `Backend.run`."""
        try:
            return Outputs(*self.session.run(OUTPUTS, {INPUT: crops}))
        except Exception as error:
            raise EdgedfError(f"ONNX Runtime cannot run it ({first_line(error)})") from error


def load(
    model: bytes, threads: int, weights: bytes = b"", precision: str = "", *, unfused: bool = False
) -> OnnxRuntime:
    """Makes a session from the bytes of an ONNX graph.

    Args:
        model: The graph.
        threads: Of one call.
        weights: Not needed: an ONNX graph has no second file.
        precision: Not needed: it is the graph's own.
        unfused: Compute Q/DQ pairs as they stand, slowly: a GPU sums exactly, as integer kernels of a CPU may not.

    Raises:
        BundleError: The graph breaks the contract.
        EdgedfError: ONNX Runtime cannot load it.
    """
    check_graph(model)
    ort = need("onnxruntime", "all")
    options = session_options(threads)
    if unfused:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:
        return OnnxRuntime(ort.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
    except Exception as error:
        reason = first_line(error)
        raise EdgedfError(f"ONNX Runtime {ort.__version__} cannot load it ({reason})") from error


def session_options(threads: int) -> Any:
    """Options that every session here is made with."""
    options = need("onnxruntime", "all").SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take the cores from the rest of the app.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # It would give a layer that was left in floating point for its accuracy 8-bit weights, one scale for all channels.
    options.add_session_config_entry("optimization.disable_specified_optimizers", "WeightBiasQuantization")
    # Left to guess, it would take bytes that `check_graph` read as ONNX for its own format.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.log_severity_level = 4  # fatal only: what goes wrong is raised
    return options
