"""What INT8 does to a network: each dialect's rules, and convolutions that compute by them in floating point.

Training through the latter (Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", CVPR 2018) lets a network make good for what INT8 costs.
"""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgedf.nn.blocks import ConvNorm, RepBlock
from edgedf.nn.detector import Detector

THIN = 16  # channels: kernels for INT8 take them in sixteens, fewer are as fast in floating point


@dataclass(frozen=True)
class Dialect:
    """How a runtime wants a graph quantised.

    Attributes:
        name: Of the dialect.
        symmetric: int8 activations around 0; otherwise uint8 with a zero point.
        outputs: Quantises what a convolution gives too, not only what it reads.
        bias: Quantises biases to int32.
        largest: Largest weight in whole steps: 127, or 64 where two products share 16 bits.
        takes_bytes: Hands the pixels' bytes to the first layer as they are, rather than divided and quantised again.
    """

    name: str
    symmetric: bool
    outputs: bool
    bias: bool
    largest: int
    takes_bytes: bool = False


CPU = Dialect("U8S8", symmetric=False, outputs=True, bias=True, largest=64, takes_bytes=True)
OPENVINO = replace(CPU, takes_bytes=False)  # which knows an INT8 layer by the quantisation of what it reads
TENSORRT = Dialect("S8S8", symmetric=True, outputs=False, bias=False, largest=127)  # and ncnn's
DIALECTS = {one.name: one for one in (CPU, TENSORRT)}


class QuantisedConv(nn.Module):
    """A convolution and its ReLU, with weights and activations rounded as the dialect says.

    Attributes:
        reads: (2,) lowest and highest value told apart of what it reads.
        gives: (2,) likewise of what it gives.
    """

    reads: Tensor
    gives: Tensor

    def __init__(self, conv: nn.Conv2d, dialect: Dialect) -> None:
        super().__init__()
        self.conv, self.dialect, self.floating = conv, dialect, False
        self.register_buffer("reads", torch.tensor([0.0, 1.0]))
        self.register_buffer("gives", torch.tensor([0.0, 1.0]))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        conv = self.conv
        if self.floating:
            return F.relu(conv(x))
        weight = _rounded_weight(conv.weight, self.dialect.largest)
        y = F.relu(F.conv2d(self._rounded(x, self.reads), weight, conv.bias, conv.stride, conv.padding))
        return self._rounded(y, self.gives) if self.dialect.outputs else y

    def _rounded(self, x: Tensor, reach: Tensor) -> Tensor:
        low, high = reach.tolist()
        low, high = min(low, 0.0), max(high, 0.0)  # 0 is a step of every dialect
        if self.dialect.symmetric:
            return torch.fake_quantize_per_tensor_affine(x, max(-low, high) / 127, 0, -127, 127)
        step = (high - low) / 255
        return torch.fake_quantize_per_tensor_affine(x, step, round(-low / step), 0, 255)

    def fuse(self) -> None:
        """Leaves the convolution in floating point: what an FP32 graph is written from."""
        self.floating = True


def _rounded_weight(weight: Tensor, steps: int) -> Tensor:
    """Per output channel, symmetric."""
    size = weight.detach().abs().amax((1, 2, 3)).clamp(min=1e-12) / steps
    zeros = torch.zeros(len(size), dtype=torch.int32, device=size.device)
    return torch.fake_quantize_per_channel_affine(weight, size, zeros, 0, -steps, steps)


def fake_quantised(network: Detector, dialect: Dialect) -> Detector:
    """A fused copy whose wide convolutions are a `QuantisedConv` each, in order of computation."""
    twin = network.fused()
    for name, module in list(twin.named_modules()):
        conv = module.conv if isinstance(module, ConvNorm) else module.fused if isinstance(module, RepBlock) else None
        if conv is not None and min(conv.in_channels, conv.out_channels) >= THIN:
            twin.set_submodule(name, QuantisedConv(conv, dialect))
    return twin


def quantised_convs(network: nn.Module) -> list[QuantisedConv]:
    """Those of a network, in order of computation; none in a network that is not fake-quantised."""
    return [module for module in network.modules() if isinstance(module, QuantisedConv)]
