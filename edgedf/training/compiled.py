"""A frozen network compiled for this CPU, where there is a compiler."""

from collections.abc import Callable
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from edgedf.console import say

T = TypeVar("T")


class Compiled(Generic[T]):
    """Runs a network whose weights no longer change, on a CPU as a program of its own.

    Most of a layer's time goes into memory, and the compiler has each convolution finish what follows it: in bfloat16
    EfficientNet-Lite2 judges 302 crops a second beside 117 (batches of 64, two cores with AVX-512 BF16). Compiling
    takes half a minute. On another device, and without a C++ compiler, the network runs as it is.

    Args:
        network: In eval mode; takes one tensor.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._program: Callable[[Tensor], T] | None = torch.compile(network, dynamic=False, options={"freezing": True})

    def __call__(self, pixels: Tensor) -> T:
        """The network's output. Nothing learns from it: it has no gradient."""
        with torch.no_grad():  # else the weights would not be taken as fixed
            if self._program is not None and pixels.device.type == "cpu":
                try:
                    return self._program(pixels)
                except torch._dynamo.exc.TorchDynamoException:
                    self._program = None
                    say("the teacher cannot be compiled here, which needs a C++ compiler such as g++: it runs slower")
            output: T = self._network(pixels)
            return output
