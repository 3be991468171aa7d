"""OpenVINO IR: the graph as an `.xml` and its weights as a `.bin` file."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from edgedf.errors import EdgedfError
from edgedf.extras import need


class Ir(NamedTuple):
    """The two files of an IR."""

    model: bytes
    weights: bytes


def ir_from_onnx(graph: bytes) -> Ir:
    """Converts an ONNX file; float weights are stored as FP16, which halves them, and computed with in f32.

    Raises:
        MissingExtraError: OpenVINO is not installed.
        EdgedfError: It cannot convert the graph.
    """
    openvino = need("openvino", "openvino")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.xml"
        try:
            openvino.save_model(openvino.Core().read_model(model=graph), str(file), compress_to_fp16=True)
        except RuntimeError as error:
            raise EdgedfError(f"OpenVINO {openvino.__version__} cannot convert the graph ({error})") from error
        return Ir(file.read_bytes(), file.with_suffix(".bin").read_bytes())
