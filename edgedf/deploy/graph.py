"""The ONNX graph of a detector."""

import torch
from torch import Tensor, nn

from edgedf.extras import need
from edgedf.nn.detector import Detector
from edgedf.runtime.onnx_contract import INPUT, OUTPUTS

# What torch's exporter writes without a conversion; ONNX Runtime's static quantiser takes up to 20.
OPSET = 18


class _Exported(nn.Module):
    """The three outputs of the contract, without what only training uses."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        output = self.model(pixels)
        return output.logit, output.attention, output.embedding


def onnx_from_model(model: Detector) -> bytes:
    """The fused network as one ONNX file of FP32 weights.

    Its input is `pixels`, uint8 (N, 256, 256, 3) RGB with any N; its outputs are `logit` (N, 1), `attention`
    (N, h, w) and `embedding` (N, D). It names no file or line of the machine it was made on.

    Args:
        model: Left as it is.

    Raises:
        MissingExtraError: The packages of the `export` extra are missing.
    """
    need("onnx", "export")
    need("onnxscript", "export")
    program = torch.onnx.export(
        _Exported(model.fused().cpu().float()).eval(),
        (torch.zeros(2, 256, 256, 3, dtype=torch.uint8),),  # of 2 crops: a size of 1 would be taken as fixed
        dynamo=True,
        opset_version=OPSET,
        input_names=[INPUT],
        output_names=list(OUTPUTS),
        dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    _strip(proto)
    return bytes(proto.SerializeToString(deterministic=True))


def _strip(message: object) -> None:
    """Removes doc strings and exporter metadata: they hold stack traces with the paths of this machine."""
    for field, value in message.ListFields():  # type: ignore[attr-defined]
        if field.name in ("doc_string", "metadata_props"):
            message.ClearField(field.name)  # type: ignore[attr-defined]
        elif field.message_type is not None:
            for child in value if hasattr(value, "__len__") else [value]:
                _strip(child)
